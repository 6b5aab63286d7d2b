import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** A server of ours that runs until it is ended. */
export interface Daemon {
  readonly pid: number;
  /** Aborted once it has ended, by itself or by us. */
  readonly ended: AbortSignal;
  /** Stops it where it is; resolves when no thread of it runs any more. */
  freeze(): Promise<void>;
  thaw(): void;
  /** Ends it at once, also while it is stopped, and waits until it is gone. */
  kill(): Promise<void>;
}

/**
 * Starts a program whose output is appended to a file. The kernel kills it when the thread that started it ends
 * (prctl(2), PR_SET_PDEATHSIG), so that it never outlives the test, however that dies. setpriv and the shell become the program:
 * the process id is the program's own. Throws when it cannot be started.
 */
export async function startDaemon(argv: readonly string[], log: string): Promise<Daemon> {
  const output = openSync(log, 'a');
  const guarded = ['--pdeathsig', 'KILL', '--', 'sh', '-c', UNLESS_ORPHANED, String(process.pid), ...argv];
  const child = spawn('setpriv', guarded, { stdio: ['ignore', output, output] });
  closeSync(output);
  const ended = new AbortController();
  const gone = once(child, 'exit').finally(() => ended.abort());
  gone.catch(() => undefined);
  await once(child, 'spawn');
  const pid = pidOf(child);
  return {
    pid,
    ended: ended.signal,
    async freeze() {
      child.kill('SIGSTOP');
      while (!ended.signal.aborted && !(await isStopped(pid))) await wait(5);
    },
    thaw: () => void child.kill('SIGCONT'),
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** kill(2) returns before all threads have stopped: one may still answer. State T of proc(5) is "stopped". */
async function isStopped(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const stats = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8').catch(() => '')),
  );
  return stats.every((stat) => stat === '' || /\) T /.test(stat));
}

/** Whoever started it may have ended before the kernel was asked to watch: then no signal ever comes. */
const UNLESS_ORPHANED = '[ "$PPID" = "$0" ] && exec "$@"';

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
