import { spawnSync } from 'node:child_process';
import { SEARCH_PATH } from '../hosts/search-path.ts';
import { spawned } from '../hosts/spawned.ts';
import { type Fields, ipObjects } from '../snapshot/fields.ts';
import { ProbeError } from './probe-error.ts';

const TIME_LIMIT_MS = 10_000;
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024;
const ENVIRONMENT = { PATH: SEARCH_PATH.join(':'), LC_ALL: 'C' };

export interface Answer {
  readonly ok: boolean;
  readonly stdout: string;
  /** iproute2's first line of complaint, `RTNETLINK answers: ` taken off; also a warning where all went well. */
  readonly complaint: string;
}

/**
 * Runs iproute2's `ip` or `bridge`. Synchronous on purpose: no signal handler of ours can run between the making
 * of an interface and the record that it is there. A run takes a few milliseconds.
 */
export function tryIproute(program: 'ip' | 'bridge', args: readonly string[], stdin = ''): Answer {
  const run = spawnSync(program, args, {
    input: stdin,
    encoding: 'utf8',
    env: ENVIRONMENT,
    timeout: TIME_LIMIT_MS,
    maxBuffer: MOST_OUTPUT_BYTES,
  });
  if (run.error) {
    const missing = 'code' in run.error && run.error.code === 'ENOENT';
    throw new ProbeError('failed', missing ? notInstalled(program) : run.error.message);
  }
  return answerOf(run.status === 0, run.stdout, run.stderr);
}

function answerOf(ok: boolean, stdout: string, stderr: string): Answer {
  return { ok, stdout, complaint: (stderr.split('\n')[0] ?? '').replace(/^(RTNETLINK answers|Error): /, '') };
}

/** As `tryIproute`, while this process does other things: for what may be interrupted at any moment. */
export async function tryIprouteAside(program: 'ip' | 'bridge', args: readonly string[], stdin = ''): Promise<Answer> {
  const limits = { timeoutMs: TIME_LIMIT_MS, maxOutputBytes: MOST_OUTPUT_BYTES };
  const { failed, exitCode, stdout, stderr } = await spawned(program, args, { stdin, env: ENVIRONMENT, ...limits });
  if (exitCode === null && stderr.includes('ENOENT')) throw new ProbeError('failed', notInstalled(program));
  return answerOf(!failed, stdout, stderr);
}

function notInstalled(program: string): string {
  return `${program} (iproute2) is not installed`;
}

/** As `tryIproute`, for what must succeed. Throws a `ProbeError`: `denied` without CAP_NET_ADMIN, else `failed`. */
export function iproute(program: 'ip' | 'bridge', args: readonly string[], stdin = ''): string {
  return outputOf(tryIproute(program, args, stdin), [program, ...args]);
}

/** The kernel flags a dump in whose middle something changed (NLM_F_DUMP_INTR): parts of it may be missing. */
const INTERRUPTED = /Dump was interrupted/;
const LOOKS = 5;

/** The objects of a `-j` answer, asked for again where they changed meanwhile. This process does other things. */
export async function recordsAside(program: 'ip' | 'bridge', args: readonly string[]): Promise<readonly Fields[]> {
  for (let look = 1; look <= LOOKS; look += 1) {
    const answer = await tryIprouteAside(program, args);
    const text = outputOf(answer, [program, ...args]);
    if (!INTERRUPTED.test(answer.complaint)) return records(text);
  }
  throw new ProbeError('failed', 'the interfaces of this node changed faster than they could be read');
}

function outputOf(answer: Answer, argv: readonly string[]): string {
  if (answer.ok) return answer.stdout;
  const denied = /Operation not permitted|Permission denied/.test(answer.complaint);
  const what = `${argv.join(' ')}: ${answer.complaint || 'failed'}`;
  throw new ProbeError(denied ? 'denied' : 'failed', denied ? `${what} (needs CAP_NET_ADMIN)` : what);
}

/** Several commands in one run. The words in them are this program's own: a batch line has quotes and comments. */
export function ipBatch(lines: readonly string[]): void {
  iproute('ip', ['-batch', '-'], `${lines.join('\n')}\n`);
}

/** As `ipBatch`, while this process does other things; nothing is run for no lines. */
export async function batchAside(program: 'ip' | 'bridge', lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  const args = ['-batch', '-'];
  outputOf(await tryIprouteAside(program, args, `${lines.join('\n')}\n`), [program, ...args]);
}

/** The objects of a `-j` answer. */
export function records(json: string): readonly Fields[] {
  try {
    return ipObjects(json);
  } catch (cause) {
    throw new ProbeError('failed', 'iproute2 answered with something that is no list of objects', { cause });
  }
}
