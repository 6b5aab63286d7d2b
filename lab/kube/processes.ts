import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A server of ours that runs until it is ended. */
export interface Daemon {
  readonly pid: number;
  /** Aborted once it has ended, by itself or by us. */
  readonly ended: AbortSignal;
  signal(name: NodeJS.Signals): void;
  /** Ends it at once, also while it is stopped, and waits until it is gone. */
  kill(): Promise<void>;
}

/**
 * Starts a program whose output is appended to a file. The kernel kills it when the thread that started it ends
 * (prctl(2), PR_SET_PDEATHSIG), so that it never outlives the test, however that dies. setpriv becomes the program: the process
 * id is the program's own. Throws when it cannot be started.
 */
export async function startDaemon(argv: readonly string[], log: string): Promise<Daemon> {
  const output = openSync(log, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...argv], { stdio: ['ignore', output, output] });
  closeSync(output);
  const ended = new AbortController();
  const gone = once(child, 'exit').finally(() => ended.abort());
  gone.catch(() => undefined);
  await once(child, 'spawn');
  return {
    pid: pidOf(child),
    ended: ended.signal,
    signal: (name) => void child.kill(name),
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new TypeError('a child that was spawned has a process id');
  return pid;
}

export interface KeptFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * A temporary folder that also goes when this process is killed: a shell waits for the end of a pipe from us and then removes
 * it, again where a server that is just dying still wrote. It has a session of its own, out of the reach of Ctrl-C.
 */
export async function keptFolder(prefix: string): Promise<KeptFolder> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  const keeper = spawn('sh', ['-c', REMOVE_AT_END, path], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const gone = once(keeper, 'exit');
  gone.catch(() => undefined);
  return {
    path,
    async remove() {
      keeper.stdin.end();
      await gone;
    },
  };
}

const REMOVE_AT_END = 'cat > /dev/null; for again in 1 2 3 4 5; do rm -rf "$0" && exit; sleep 0.2; done';
