import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../lab/command.ts';
import { freePort } from '../lab/free-port.ts';
import { libraryPath, unpacked } from '../lab/packages.ts';

export interface SshdOptions {
  /** The program that is `sh` on the other side, e.g. /usr/bin/busybox; the machine's own unless given. */
  readonly shell?: string;
  /** Sessions see a root file system of busybox alone, as on a node without coreutils, with this folder in its place. */
  readonly busyboxWith?: string;
  /** Lines for sshd_config. */
  readonly config?: readonly string[];
  /** The first process of a machine (lab/runtime/machine.ts): the server runs there, at that machine's 127.0.0.1. */
  readonly machine?: number;
}

/** A real sshd of the test's own. Users: root, `keeper` (may use sudo), `guest` (may not). */
export interface Sshd {
  readonly port: number;
  readonly folder: string;
  /** An ssh that knows this server's host key and the users' throw-away key, and nothing of the user's own. */
  readonly sshCommand: readonly string[];
  destination(user?: string): string;
  stop(): Promise<void>;
}

interface Packages {
  readonly server: string;
  readonly sudo: string;
  readonly libraries: string;
}

/** Asked of apt once: it takes seconds to say which version it would install. */
let packages: Promise<Packages> | undefined;

async function unpackPackages(): Promise<Packages> {
  const server = await unpacked('openssh-server', { dependencies: true });
  const sudo = await unpacked('sudo', { dependencies: true });
  return { server, sudo, libraries: `${await libraryPath(server)}:${await libraryPath(sudo)}` };
}

/**
 * Starts an sshd on a free port of 127.0.0.1, from Debian's unpacked package. It runs in a mount namespace in which /etc,
 * /usr and /run have what it needs laid over them, so that the machine itself gets no user, no directory and no service. On a
 * machine of the test's own all this is that machine's, until its power is cut. Needs root.
 */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  packages ??= unpackPackages();
  const { server, sudo, libraries } = await packages;
  const folder = await mkdtemp(join(tmpdir(), 'hayward-sshd-'));
  await chmod(folder, 0o755);
  const port = await freePort();
  const publicKey = await makeKeys(folder, port);
  await writeAccounts(folder);
  await writeFile(join(folder, 'authorized_keys'), publicKey);
  await writeFile(join(folder, 'sshd_config'), await serverConfig(folder, port, options));
  const { machine } = options;
  const inside = machine === undefined ? APART : ['nsenter', '-t', String(machine), '-m', '-n', '-p', '-u', '--'];
  const [program = '', ...argv] = [...inside, 'sh', '-euc', machine === undefined ? START : START_ON_MACHINE];
  const child = spawn(program, argv, {
    env: {
      ...process.env,
      LD_LIBRARY_PATH: libraries,
      FOLDER: folder,
      SERVER: server,
      SUDO: sudo,
      BUSYBOX_WITH: options.busyboxWith ?? '',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await listening(child, port);
  return {
    port,
    folder,
    sshCommand: ['ssh', '-F', join(folder, 'ssh_config')],
    destination: (user = 'root') => `${user}@127.0.0.1:${port}`,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        // nsenter passes no signal on to what it runs in another process namespace.
        if (machine === undefined) child.kill('SIGTERM');
        else await must([...inside, 'sh', '-euc', 'kill "$(cat "$0")"', join(folder, 'sshd.pid')]);
        await ended;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const APART = ['unshare', '--mount', '--propagation', 'private'];

/** Runs in the namespace and becomes sshd, under the same process id. */
const START = `
mount -t overlay overlay -o "lowerdir=$FOLDER/etc:$SUDO/etc:/etc" /etc
mount -t overlay overlay -o "lowerdir=$SUDO/usr:/usr" /usr
mount -t overlay overlay -o "lowerdir=$FOLDER/run:/run" /run
if [ -n "$BUSYBOX_WITH" ]; then
  mount -t tmpfs -o mode=755 tmpfs /mnt
  mkdir -p /mnt/bin /mnt/etc /mnt/proc /mnt/dev "/mnt$BUSYBOX_WITH"
  mount --bind "$BUSYBOX_WITH" "/mnt$BUSYBOX_WITH"
  cp /bin/busybox /mnt/bin/busybox
  chroot /mnt /bin/busybox --install -s /bin
  cp "$FOLDER/etc/passwd" /mnt/etc/passwd
  cp /etc/os-release /mnt/etc/os-release
  cp -a /dev/null /mnt/dev/null
  mount -t proc proc /mnt/proc
fi
exec "$SERVER/usr/sbin/sshd" -D -e -f "$FOLDER/sshd_config"
`;

/**
 * Its mounts must be the machine's own: what the runtime mounts later (/run/netns/cni-…) is to be seen through it. sudo looks
 * the machine's name up, and without a name server waits for seconds.
 */
const START_ON_MACHINE = `
cp -a "$FOLDER/etc/." /etc/
echo "127.0.0.1 localhost $(hostname)" >/etc/hosts
mkdir -p /run/sshd /run/sudo/ts
chmod 700 /run/sudo/ts
mount -t overlay overlay -o "lowerdir=$SUDO/usr:/usr" /usr
exec "$SERVER/usr/sbin/sshd" -D -e -f "$FOLDER/sshd_config"
`;

async function makeKeys(folder: string, port: number): Promise<string> {
  for (const name of ['host_key', 'user_key']) {
    await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(folder, name)]);
  }
  const hostKey = await readFile(join(folder, 'host_key.pub'), 'utf8');
  await writeFile(join(folder, 'known_hosts'), `[127.0.0.1]:${port} ${hostKey}`);
  await writeFile(join(folder, 'ssh_config'), clientConfig(folder));
  return readFile(join(folder, 'user_key.pub'), 'utf8');
}

function clientConfig(folder: string): string {
  return `Host *
  IdentityFile ${folder}/user_key
  IdentitiesOnly yes
  UserKnownHostsFile ${folder}/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
`;
}

async function writeAccounts(folder: string): Promise<void> {
  await mkdir(join(folder, 'etc/sudoers.d'), { recursive: true });
  await mkdir(join(folder, 'run/sshd'), { recursive: true });
  await mkdir(join(folder, 'run/sudo/ts'), { recursive: true, mode: 0o700 });
  const shell = '/bin/sh';
  await writeFile(
    join(folder, 'etc/passwd'),
    `root:*:0:0:root:/:${shell}
sshd:*:4241:65534::/run/sshd:/usr/sbin/nologin
keeper:*:4242:65534::/:${shell}
guest:*:4243:65534::/:${shell}
`,
  );
  // Without entries here, systemd's name service would answer that root is locked.
  const shadow = ['root', 'sshd', 'keeper', 'guest'].map((name) => `${name}:*:20000:0:99999:7:::\n`).join('');
  await writeFile(join(folder, 'etc/shadow'), shadow, { mode: 0o600 });
  await writeFile(join(folder, 'etc/sudoers'), 'root ALL=(ALL) ALL\nkeeper ALL=(ALL) NOPASSWD: ALL\n', { mode: 0o440 });
}

async function serverConfig(folder: string, port: number, options: SshdOptions): Promise<string> {
  const path = ['/usr/local/bin', '/usr/bin', '/bin'];
  if (options.shell !== undefined) {
    await mkdir(join(folder, 'shell'));
    await symlink(options.shell, join(folder, 'shell/sh'));
    path.unshift(join(folder, 'shell'));
  }
  return [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${folder}/host_key`,
    `AuthorizedKeysFile ${folder}/authorized_keys`,
    'UsePAM no',
    'StrictModes no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    `PidFile ${folder}/sshd.pid`,
    'PrintMotd no',
    'PrintLastLog no',
    `SetEnv PATH=${path.join(':')}`,
    ...(options.busyboxWith ? ['ChrootDirectory /mnt'] : []),
    ...(options.config ?? []),
    '',
  ].join('\n');
}

/** Waits until sshd says that it listens; rejects with its words when it ends instead. */
async function listening(child: ChildProcess, port: number): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      if (said.includes(`Server listening on 127.0.0.1 port ${port}`)) resolve();
    });
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`sshd did not start: ${said}`)));
  });
}
