import { spawn } from 'node:child_process';
import type { RunOptions, RunResult } from '../src/hosts/host.ts';

export interface CommandOptions extends RunOptions {
  readonly cwd?: string;
  /** The whole environment; the parent's when left out. */
  readonly env?: NodeJS.ProcessEnv;
  /** In a session of its own, where a Ctrl-C on the terminal does not reach it: for what must be finished. */
  readonly detached?: boolean;
}

/** Runs a program without a shell and says how it ended; never rejects for what the program did. */
export function command(argv: readonly string[], options: CommandOptions = {}): Promise<RunResult> {
  const [program, ...rest] = argv;
  if (program === undefined) throw new TypeError('a command needs a program');
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(program, rest, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      signal: options.signal,
      detached: options.detached ?? false,
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let timedOut = false;
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            child.kill('SIGKILL');
          }, options.timeoutMs);
    const settle = (exitCode: number | null, trouble: string): void => {
      clearTimeout(timer);
      resolve({
        failed: exitCode !== 0,
        timedOut,
        exitCode,
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8') + trouble,
        durationMs: performance.now() - started,
      });
    };
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A program that ends without reading its input breaks the pipe; its exit status already tells.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
    child.on('error', (error) => settle(null, error.message));
    child.on('close', (code) => settle(code, ''));
  });
}

/** Runs a program that must succeed and returns its standard output; throws with its own words otherwise. */
export async function must(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await command(argv, options);
  if (!result.failed) return result.stdout;
  const how = result.timedOut ? `took longer than ${options.timeoutMs} ms` : `ended with ${result.exitCode}`;
  throw new Error(`${argv.join(' ')} ${how}: ${(result.stderr || result.stdout).trim().slice(-2000)}`);
}
