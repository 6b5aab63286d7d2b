import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { type Frame, framesOf } from './frames.ts';

/** What became of one script on one connection. */
export type Exchange =
  | {
      readonly state: 'answered';
      readonly frames: readonly Frame[];
      /** When the node was told to go and when its first words came back: epoch seconds, by this machine's clock. */
      readonly sentAt: number;
      readonly heardAt: number;
    }
  | Broken;

export interface Broken {
  readonly state: 'dropped' | 'time' | 'cancelled' | 'size';
  /** Whether the node had been told to go: then what the script does may have been done. */
  readonly begun: boolean;
  readonly exitCode: number | null;
  /** What ssh said; where it said nothing, what came instead of an answer. */
  readonly said: string;
}

export interface Script {
  /** Definitions: no more is done before the node is told to go than finding programs. */
  readonly prelude: string;
  readonly body: string;
}

export interface ExchangeOptions {
  readonly boundary: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Bytes beyond which an answer is not waited for: a healthy node's is far below a tenth of it. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
/** Messages are for a person: once this much of standard error is kept, the rest is read and dropped. */
const MAX_SAID_BYTES = 64 * 1024;
/** How long ssh may take to end after the answer is there, or after it was told to end. */
const GRACE_MS = 2_000;

/**
 * Sends a script to a shell and waits for its answer. The script is read whole by the shell before it says "hello" and is
 * told to go, so that the time between the two is that of one round trip. An answer counts only with its closing frame.
 */
export function exchange(argv: readonly string[], script: Script, options: ExchangeOptions): Promise<Exchange> {
  const [program = 'ssh', ...args] = argv;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const hello = Buffer.from(`\n${options.boundary} hello\n`);
  const end = Buffer.from(`\n${options.boundary} end\n`);
  const said: Buffer[] = [];
  let saidBytes = 0;
  let received: Buffer[] = [];
  let size = 0;
  let sentAt = 0;
  let heardAt = 0;

  return new Promise((resolve) => {
    let settled = false;
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => broken('time'), options.timeoutMs);
    const cancel = () => broken('cancelled');
    if (options.signal?.aborted) queueMicrotask(cancel);
    options.signal?.addEventListener('abort', cancel);

    function settle(result: Exchange): void {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', cancel);
      resolve(result);
    }
    function broken(state: Broken['state'], exitCode: number | null = null): void {
      const words = Buffer.concat(said).toString('utf8').trim();
      settle({
        state,
        begun: sentAt > 0,
        exitCode,
        said: words || Buffer.concat(received).toString('utf8').slice(-2000),
      });
      ended(child);
    }
    function answered(): void {
      settle({ state: 'answered', frames: framesOf(Buffer.concat(received), options.boundary), sentAt, heardAt });
      ended(child, 'politely');
    }
    function greeted(): void {
      const all = Buffer.concat(received);
      received = [all];
      if (!all.includes(hello)) return;
      sentAt = now();
      child.stdin.end('main </dev/null; say end; exit 0\n');
    }
    child.stdout.on('data', (chunk: Buffer) => {
      if (settled) return;
      received.push(chunk);
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) broken('size');
      else if (sentAt === 0) greeted();
      else {
        heardAt ||= now();
        if (lastBytes(received, end.length).equals(end)) answered();
      }
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (saidBytes < MAX_SAID_BYTES) said.push(chunk);
      saidBytes += chunk.length;
    });
    // A connection that ends early breaks the pipe; how it ended tells.
    child.stdin.on('error', () => undefined);
    child.stdin.write(`${script.prelude}main() {\n${script.body}\n}\nsay hello\n`);
    child.on('error', (error) => {
      said.push(Buffer.from(error.message));
      broken('dropped');
    });
    child.on('close', (code) => broken('dropped', code));
  });
}

function now(): number {
  return (performance.timeOrigin + performance.now()) / 1000;
}

function lastBytes(chunks: readonly Buffer[], count: number): Buffer {
  const tail: Buffer[] = [];
  for (let index = chunks.length - 1, length = 0; index >= 0 && length < count; index -= 1) {
    const chunk = chunks[index] ?? Buffer.alloc(0);
    tail.unshift(chunk);
    length += chunk.length;
  }
  return Buffer.concat(tail).subarray(-count);
}

/** Sees to it that this ssh ends, and nothing else: SIGTERM lets it end its own proxy command. */
function ended(child: ChildProcessWithoutNullStreams, politely?: 'politely'): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.stdin.destroy();
  if (!politely) child.kill('SIGTERM');
  const killer = setTimeout(() => {
    child.kill('SIGKILL');
    // Whoever else holds the pipes open (a connection shared by others) must not hold this program.
    child.stdout.destroy();
    child.stderr.destroy();
  }, GRACE_MS);
  child.once('exit', () => clearTimeout(killer));
}
