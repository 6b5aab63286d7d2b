import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import koffi from 'koffi';

const CLONE_NEWNET = 0x40000000;

/** A network namespace for the tests of one file, which the kernel takes away with the test's process. */
export interface OwnNetwork {
  /** Runs a command in it, words parted by single spaces; throws when it fails. Returns its output. */
  run(command: string): string;
  /** The same in a shell, with a /sys that shows this namespace's interfaces. */
  shell(script: string): string;
}

/**
 * Moves the calling thread into a new network namespace: what it opens, reads below /proc/sys and starts from now on
 * belongs to that. Throws where it cannot, before anything of the machine's own could be touched.
 */
export function enterOwnNetwork(): OwnNetwork {
  const own = '/proc/thread-self/ns/net';
  const before = readlinkSync(own);
  const unshare = koffi.load(null).func('int unshare(int)') as unknown as (flags: number) => number;
  if (unshare(CLONE_NEWNET) !== 0 || readlinkSync(own) === before) throw new Error('no network namespace of our own');
  const run = (program: string, ...args: readonly string[]) =>
    execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return {
    run(command) {
      const [program = '', ...args] = command.split(' ');
      return run(program, ...args);
    },
    shell: (script) => run('unshare', '-m', 'sh', '-ec', `mount -t sysfs none /sys; ${script}`),
  };
}

/** A program of its own, for machines and limits that are not this process's: imports are taken from this folder. */
export function bundled(program: string): string {
  const { outputFiles } = buildSync({
    stdin: { contents: program, resolveDir: fileURLToPath(new URL('.', import.meta.url)), loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
