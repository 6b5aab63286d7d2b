import { spawnSync } from 'node:child_process';
import { SEARCH_PATH } from '../hosts/search-path.ts';
import { type Fields, ipObjects } from '../snapshot/fields.ts';
import { ProbeError } from './probe-error.ts';

const TIME_LIMIT_MS = 10_000;

export interface Answer {
  readonly ok: boolean;
  readonly stdout: string;
  /** iproute2's first line of complaint, `RTNETLINK answers: ` taken off. */
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
    env: { PATH: SEARCH_PATH.join(':'), LC_ALL: 'C' },
    timeout: TIME_LIMIT_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (run.error) {
    const missing = 'code' in run.error && run.error.code === 'ENOENT';
    throw new ProbeError('failed', missing ? `${program} (iproute2) is not installed` : run.error.message);
  }
  const complaint = (run.stderr.split('\n')[0] ?? '').replace(/^(RTNETLINK answers|Error): /, '');
  return { ok: run.status === 0, stdout: run.stdout, complaint };
}

/** As `tryIproute`, for what must succeed. Throws a `ProbeError`: `denied` without CAP_NET_ADMIN, else `failed`. */
export function iproute(program: 'ip' | 'bridge', args: readonly string[], stdin = ''): string {
  const answer = tryIproute(program, args, stdin);
  if (answer.ok) return answer.stdout;
  const denied = /Operation not permitted|Permission denied/.test(answer.complaint);
  const what = `${[program, ...args].join(' ')}: ${answer.complaint || 'failed'}`;
  throw new ProbeError(denied ? 'denied' : 'failed', denied ? `${what} (needs CAP_NET_ADMIN)` : what);
}

/** Several commands in one run. The words in them are this program's own: a batch line has quotes and comments. */
export function ipBatch(lines: readonly string[]): void {
  iproute('ip', ['-batch', '-'], `${lines.join('\n')}\n`);
}

/** The objects of a `-j` answer. */
export function records(json: string): readonly Fields[] {
  try {
    return ipObjects(json);
  } catch (cause) {
    throw new ProbeError('failed', 'iproute2 answered with something that is no list of objects', { cause });
  }
}
