import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../command.ts';
import { writeInitramfs } from './initramfs.ts';
import { kernel } from './kernel.ts';
import { productFiles } from './product.ts';
import { runMachine, type VmResult } from './qemu.ts';
import { BOOT_FOLDER, debianImage, runScript } from './rootfs.ts';

/** A Debian with real systemd on a disk of its own: what one boot writes, the next one finds. */
export interface DebianMachine {
  /** Boots, waits until everything has started, runs a bash script as root, and powers off or has its power cut. */
  boot(script: string, options?: BootMachineOptions): Promise<VmResult>;
  dispose(): Promise<void>;
}

export interface BootMachineOptions {
  readonly timeoutMs?: number;
  /** Added to the kernel's command line. */
  readonly append?: string;
  /** The boot ends in a power cut behind the script: what is on the disk stays, and nothing is shut down. */
  readonly powerCut?: boolean;
  /** What the hardware clock shows at power-on (UTC), e.g. `2006-01-01T00:00:00`. */
  readonly clock?: string;
  /** Files and folders of this machine by the name they get for this boot below BOOT_FOLDER. */
  readonly carry?: Readonly<Record<string, string>>;
}

export interface DebianOptions {
  readonly memoryMb?: number;
  /** Put the built hayward under /opt/hayward, with `hayward` on the path. */
  readonly product?: boolean;
}

/** Modules that must be there before the disk is: ext4 does not ask for the crc32c it computes with. */
const MODULES = ['virtio_pci', 'virtio_blk', 'crc32c_generic', 'ext4'];

const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for module in ${MODULES.join(' ')}; do modprobe $module; done
while [ ! -b /dev/vda ]; do sleep 0.1; done
mkdir /newroot
mount -t ext4 /dev/vda /newroot
mount -t tmpfs -o mode=755 tmpfs /newroot/run
mkdir -p /newroot${BOOT_FOLDER}
cp -a /payload/. /newroot${BOOT_FOLDER}/
if [ -d /opt/hayward ]; then
  rm -rf /newroot/opt/hayward
  cp -a /opt/hayward /newroot/opt/hayward
  printf '#!/bin/sh\\nexec node /opt/hayward/dist/cli.js "$@"\\n' > /newroot/usr/local/bin/hayward
  chmod 755 /newroot/usr/local/bin/hayward
fi
umount /proc /sys
mount --move /dev /newroot/dev
exec switch_root /newroot /sbin/init
`;

/** A fresh machine with a disk of its own, from the cached image. Needs root, qemu, and Debian's archive at first. */
export async function debianMachine(options: DebianOptions = {}): Promise<DebianMachine> {
  const debian = await kernel();
  const image = await debianImage(debian);
  const folder = await mkdtemp(join(tmpdir(), 'hayward-machine-'));
  const disk = join(folder, 'disk');
  const initramfs = join(folder, 'initramfs');
  await must(['cp', '--sparse=always', '--reflink=auto', image, disk]);
  const copies = options.product ? await productFiles() : {};
  return {
    async boot(script, { timeoutMs = 180_000, append = '', powerCut = false, clock, carry = {} } = {}) {
      const files = { '/payload/script': script, '/payload/run': runScript({ powerCut }) };
      const carried = Object.entries(carry).map(([name, path]) => [`/payload/${name}`, path] as const);
      const all = { ...copies, ...Object.fromEntries(carried) };
      await writeInitramfs(initramfs, debian, { init: INIT, modules: MODULES, files, copies: all });
      return runMachine({
        kernel: debian.image,
        initramfs,
        disk,
        timeoutMs,
        memoryMb: options.memoryMb ?? 1024,
        ...(clock === undefined ? {} : { clock }),
        append: `root=/dev/vda rw systemd.unit=hayward-lab.target ${append}`.trim(),
      });
    },
    async dispose() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}
