import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { must } from '../command.ts';
import { busybox, type Kernel, moduleFiles } from './kernel.ts';
import { END_MARK, runMachine, type VmResult } from './qemu.ts';

export interface InitramfsOptions {
  /** The shell script process 1 runs once proc, sys, dev and the modules' index are there; it must not end. */
  readonly init: string;
  /** Modules to carry along, with all they need. */
  readonly modules?: readonly string[];
  /** Programs of this machine to carry along with their shared libraries. */
  readonly programs?: readonly string[];
  /** Text files by absolute path; executable when they start with `#!`. */
  readonly files?: Readonly<Record<string, string>>;
  /** Folders or files of this machine by the absolute path they get inside. */
  readonly copies?: Readonly<Record<string, string>>;
}

/** Writes an uncompressed initramfs: unpacking by an emulated processor costs more than the larger file. */
export async function writeInitramfs(target: string, kernel: Kernel, options: InitramfsOptions): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'hayward-initramfs-'));
  try {
    await layOut(root, kernel, options);
    const shell = 'cd "$1" && find . -print0 | cpio --null --quiet --create --format=newc --owner=0:0 > "$2"';
    await must(['sh', '-c', shell, 'sh', root, target]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function layOut(root: string, kernel: Kernel, options: InitramfsOptions): Promise<void> {
  for (const folder of ['bin', 'dev', 'proc', 'sys', 'run', 'tmp', 'etc', 'root']) await mkdir(join(root, folder));
  await chmod(root, 0o755);
  await copyFile(await busybox(), join(root, 'bin/busybox'));
  await chmod(join(root, 'bin/busybox'), 0o755);
  await copyModules(root, kernel, options.modules ?? []);
  for (const program of options.programs ?? []) await copyProgram(root, program);
  for (const [path, from] of Object.entries(options.copies ?? {})) {
    await cp(from, join(root, path), { recursive: true, dereference: true });
  }
  const files = { '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n', ...options.files, '/init': options.init };
  for (const [path, text] of Object.entries(files)) await put(join(root, path), text);
}

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
}

async function copyModules(root: string, kernel: Kernel, names: readonly string[]): Promise<void> {
  const folder = join(root, 'lib/modules', kernel.release);
  await mkdir(folder, { recursive: true });
  const index = await readFile(join(kernel.modules, 'modules.dep'), 'utf8');
  for (const file of moduleFiles(index, names)) {
    const target = join(folder, file);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(join(kernel.modules, file), target);
    if (target.endsWith('.xz')) await must(['xz', '--decompress', target]);
  }
  for (const list of ['modules.builtin', 'modules.order']) {
    await copyFile(join(kernel.modules, list), join(folder, list));
  }
  await must(['depmod', '-b', root, kernel.release]);
}

/** A program and the libraries the loader would give it, all at the paths they have here. */
export async function copyProgram(root: string, program: string): Promise<void> {
  const path = (await must(['sh', '-c', 'readlink -f "$(command -v "$1")"', 'sh', program])).trim();
  const listed = await must(['ldd', path]);
  const libraries = [...listed.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, library = '']) => library);
  for (const file of [path, ...libraries]) {
    await mkdir(join(root, dirname(file)), { recursive: true });
    await copyFile(file, join(root, file));
    await chmod(join(root, file), 0o755);
  }
  // What calls it by the name it was asked for must find it, wherever the link of that name led.
  const name = join(root, 'bin', basename(program));
  if (join(root, path) !== name) await must(['ln', '-sf', path, name]);
}

export interface BootOptions extends Omit<InitramfsOptions, 'init'> {
  readonly kernel: Kernel;
  /** A shell script; its output and exit status are the result. Modules are there to be loaded, none is loaded yet. */
  readonly script: string;
  readonly memoryMb?: number;
  readonly timeoutMs?: number;
  /** See MachineOptions. */
  readonly network?: boolean;
}

const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /run
ln -sf /bin /sbin
# nf_nat and ip_vs compute crc32c and do not ask for a module that can.
modprobe -q crc32c_generic
stty -F /dev/ttyS1 raw
setsid sh /script </dev/null >/dev/ttyS1 2>&1
printf '\\n${END_MARK} %s\\n' "$?" >/dev/ttyS1
poweroff -f
`;

/** Boots Debian's kernel with nothing but busybox, runs a script, powers off: about five seconds. */
export async function bootInitramfs(options: BootOptions): Promise<VmResult> {
  const folder = await mkdtemp(join(tmpdir(), 'hayward-boot-'));
  try {
    const initramfs = join(folder, 'initramfs');
    await writeInitramfs(initramfs, options.kernel, {
      ...options,
      modules: ['crc32c_generic', ...(options.modules ?? [])],
      files: { ...options.files, '/script': options.script },
      init: INIT,
    });
    return await runMachine({
      kernel: options.kernel.image,
      initramfs,
      ...(options.network === undefined ? {} : { network: options.network }),
      ...(options.memoryMb === undefined ? {} : { memoryMb: options.memoryMb }),
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
