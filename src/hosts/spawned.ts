import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { RunOptions, RunResult } from './host.ts';

export interface SpawnedOptions extends RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Bytes of standard output beyond which the program is stopped and the result is a failure. */
  readonly maxOutputBytes: number;
  /** How long it may take to end once it was asked to, in milliseconds; then it is killed. */
  readonly graceMs?: number;
}

/** How long a program that was asked to end may take before it is killed. */
const GRACE_MS = 1_000;
/** Messages are for a person: more than this of standard error is not kept, though it is read. */
const MAX_STDERR_BYTES = 256 * 1024;
/** How long output may still arrive through a pipe that some grandchild holds open after the program has ended. */
const LINGER_MS = 250;

/**
 * Runs a program without a shell, in a process group of its own so that a time limit ends what it started as well (and
 * nothing else). Never rejects for what the program does: see RunResult.
 */
export function spawned(file: string, args: readonly string[], options: SpawnedOptions): Promise<RunResult> {
  const started = performance.now();
  const input = options.stdin === undefined ? 'ignore' : 'pipe';
  const settings: SpawnOptions = { stdio: [input, 'pipe', 'pipe'], detached: true };
  const child = spawn(file, args, options.env ? { ...settings, env: options.env } : settings);
  const stdout = collected(child.stdout, options.maxOutputBytes, () =>
    stop(`output beyond ${options.maxOutputBytes} bytes`),
  );
  const stderr = collected(child.stderr, MAX_STDERR_BYTES);
  let timedOut = false;
  let trouble = '';
  let killer: NodeJS.Timeout | undefined;

  function stop(why: string): void {
    if (trouble) return;
    trouble = why;
    killGroup(child, 'SIGTERM');
    killer = setTimeout(() => killGroup(child, 'SIGKILL'), options.graceMs ?? GRACE_MS);
  }
  function cancel(): void {
    stop('cancelled');
  }
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          stop(`timed out after ${Number(options.timeoutMs) / 1000} s`);
        }, options.timeoutMs);
  if (options.signal?.aborted) cancel();
  options.signal?.addEventListener('abort', cancel);
  // A program that ends without reading its input breaks the pipe; its exit status tells.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.stdin);

  return new Promise((resolve) => {
    const settle = (exitCode: number | null, startError = ''): void => {
      clearTimeout(timer);
      clearTimeout(killer);
      options.signal?.removeEventListener('abort', cancel);
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve({
        failed: exitCode !== 0 || trouble !== '',
        timedOut,
        exitCode,
        stdout: stdout(),
        stderr: [trouble, startError, stderr()].filter((part) => part !== '').join('\n'),
        durationMs: performance.now() - started,
      });
    };
    child.on('error', (error) => settle(null, error.message));
    child.on('exit', (code) => {
      const linger = setTimeout(() => settle(code), LINGER_MS);
      child.on('close', () => {
        clearTimeout(linger);
        settle(code);
      });
    });
  });
}

function killGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, constants.signals[signal]);
  } catch {
    // The group is gone already: that is what was wanted.
  }
}

function collected(stream: NodeJS.ReadableStream | null, maxBytes: number, full?: () => void): () => string {
  const chunks: Buffer[] = [];
  let total = 0;
  stream?.on('data', (chunk: Buffer) => {
    if (total < maxBytes) chunks.push(total + chunk.length > maxBytes ? chunk.subarray(0, maxBytes - total) : chunk);
    total += chunk.length;
    if (total > maxBytes) full?.();
  });
  return () => Buffer.concat(chunks).toString('utf8');
}
