import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheFolder, exists, madeOnce } from '../cache.ts';
import { must } from '../command.ts';
import { type AptSource, aptSource } from './apt-source.ts';
import { type Kernel, moduleName } from './kernel.ts';
import { CUT_MARK, END_MARK } from './qemu.ts';

/** What the machine needs beyond a minimal system; libstdc++6 for Node. */
const PACKAGES = [
  ...['systemd-sysv', 'udev', 'kmod', 'procps', 'iproute2', 'iptables', 'nftables', 'ipset', 'ipvsadm'],
  ...['conntrack', 'iputils-ping', 'libstdc++6'],
];

/** Parts of the kernel a network laboratory may load; the rest (graphics, sound, …) is three quarters of its bulk. */
const MODULE_FOLDERS = [
  'kernel/net',
  'kernel/lib',
  'kernel/crypto',
  'kernel/fs/ext4',
  'kernel/fs/overlayfs',
  'kernel/fs/autofs',
];
const MODULE_DRIVERS = ['bonding', 'dummy', 'macvlan', 'team', 'tun', 'veth', 'vxlan', 'wireguard'];

/** Where the boot's script and what it needs are put, on the tmpfs that lives as long as the boot. */
export const BOOT_FOLDER = '/run/hayward-lab';

const RUN_UNIT = `[Unit]
Description=Run the laboratory's script and power off
After=multi-user.target
SuccessAction=poweroff-force
FailureAction=poweroff-force

[Service]
# Not oneshot: the boot is over when the script starts, as it is for whoever logs in.
Type=exec
ExecStart=/bin/sh ${BOOT_FOLDER}/run
`;

const RUN_TARGET = `[Unit]
Description=The machine is up and the laboratory's script has run
Requires=multi-user.target
Wants=hayward-lab.service
After=multi-user.target
AllowIsolate=yes
`;

/**
 * What the script says goes to the second serial port by way of a pipe: programs must not take it for a terminal. Where the boot
 * ends in a power cut, the console asks for it once all that was said is out (stty waits for that).
 */
export function runScript({ powerCut }: { readonly powerCut: boolean }): string {
  const ending = `stty -F /dev/ttyS1 raw
echo '${CUT_MARK}' >/dev/ttyS0
exec sleep infinity
`;
  return `
exec </dev/null >/dev/ttyS1 2>&1
stty -F /dev/ttyS1 raw
export HOME=/root LC_ALL=C.UTF-8
cd /root
systemctl is-system-running --wait >/dev/null
{ bash ${BOOT_FOLDER}/script; echo "$?" >${BOOT_FOLDER}/status; } 2>&1 | cat
printf '\\n${END_MARK} %s\\n' "$(cat ${BOOT_FOLDER}/status)"
sync
${powerCut ? ending : ''}`;
}

const FILES: Readonly<Record<string, string>> = {
  '/etc/systemd/system/hayward-lab.service': RUN_UNIT,
  '/etc/systemd/system/hayward-lab.target': RUN_TARGET,
  '/etc/hostname': 'node-1\n',
  '/etc/hosts': '127.0.0.1 localhost node-1\n',
  '/etc/fstab': '',
  // A machine id that is set: without one systemd takes every boot for the first and applies presets.
  '/etc/machine-id': `${'c0ffee00'.repeat(4)}\n`,
};

/**
 * An ext4 image with Debian as `debootstrap` makes it (real systemd, udev, kmod), the kernel's modules and Node, made
 * once by everything that goes into it. Needs root, and the archive when it is not made yet.
 */
export async function debianImage(kernel: Kernel): Promise<string> {
  const source = await aptSource();
  const system = await debianTree(source);
  const key = hash([system, kernel.build, process.version, JSON.stringify(FILES), MODULE_FOLDERS, MODULE_DRIVERS]);
  const image = cacheFolder('vm', `debian-${source.codename}-${key}.ext4`);
  if (await exists(image)) return image;
  await mkdir(dirname(image), { recursive: true });
  const work = await mkdtemp(`${image}.new-`);
  try {
    const root = join(work, 'root');
    await must(['cp', '-a', '--reflink=auto', system, root]);
    await furnish(root, kernel);
    const draft = join(work, 'image');
    await must(['mkfs.ext4', '-q', '-F', '-L', 'debian', '-d', root, draft, '2G'], { timeoutMs: 300_000 });
    await rename(draft, image);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return image;
}

/** The bare system, before anything of ours: the expensive part, reused when only ours changes. */
async function debianTree(source: AptSource): Promise<string> {
  const folder = cacheFolder('vm', `debootstrap-${source.codename}-${hash(PACKAGES)}`);
  return madeOnce(folder, async (fresh) => {
    const include = `--include=${PACKAGES.join(',')}`;
    const argv = ['debootstrap', '--variant=minbase', include, source.codename, fresh, source.uri];
    await must(argv, { timeoutMs: 1_200_000, env: { ...process.env, ...source.environment } });
    await must([
      'rm',
      '-rf',
      ...['var/cache/apt', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/locale'].map((path) => join(fresh, path)),
    ]);
    await chmod(fresh, 0o755);
  });
}

async function furnish(root: string, kernel: Kernel): Promise<void> {
  for (const [path, text] of Object.entries(FILES)) {
    await rm(join(root, path), { force: true });
    await writeFile(join(root, path), text);
  }
  // The console's login would wait for the serial port that only collects.
  await symlink('/dev/null', join(root, 'etc/systemd/system/getty.target'));
  await copyFile(process.execPath, join(root, 'usr/local/bin/node'));
  await chmod(join(root, 'usr/local/bin/node'), 0o755);
  await copyModules(root, kernel);
}

async function copyModules(root: string, kernel: Kernel): Promise<void> {
  const target = join(root, 'lib/modules', kernel.release);
  await mkdir(target, { recursive: true });
  const index = await readFile(join(kernel.modules, 'modules.dep'), 'utf8');
  const files = index
    .split('\n')
    .map((line) => line.split(':')[0] ?? '')
    .filter((file) => MODULE_FOLDERS.some((folder) => file.startsWith(`${folder}/`)) || isWantedDriver(file));
  const lists = ['modules.builtin', 'modules.builtin.modinfo', 'modules.order'];
  const input = [...files, ...lists].join('\n');
  await must(
    ['sh', '-c', 'cd "$1" && cpio --quiet --pass-through --make-directories "$2"', 'sh', kernel.modules, target],
    {
      stdin: input,
    },
  );
  await must(['depmod', '-b', root, kernel.release]);
}

function isWantedDriver(file: string): boolean {
  return file.startsWith('kernel/drivers/net/') && MODULE_DRIVERS.includes(moduleName(file));
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}
