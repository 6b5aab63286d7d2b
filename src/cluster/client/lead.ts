import { setTimeout as wait } from 'node:timers/promises';
import type { KubeConnection } from './connection.ts';
import { fenced } from './fenced.ts';
import { type Attempt, type Candidate, candidate } from './lease.ts';
import { beginTenure, type Tenure, type TenureEnd } from './tenure.ts';

export interface LeadOptions {
  readonly client: KubeConnection;
  readonly namespace: string;
  /** The Lease's. */
  readonly name: string;
  /** Who one is: must differ between all candidates. An empty one is nobody's, to all of them. */
  readonly identity: string;
  /** How long others leave a lease alone that is not renewed: 15. Whole seconds, as the API has it. */
  readonly leaseSeconds?: number;
  /** After how long without a renewal one steps down: 10. Shorter than the lease. */
  readonly renewSeconds?: number;
  /** Between attempts to take or renew it: 2. */
  readonly retrySeconds?: number;
  /** Told when another leader is seen, and when the lease cannot be read or written. */
  readonly onNews?: (news: LeadNews) => void;
  /** Ends it, and gives the lease up. */
  readonly signal: AbortSignal;
}

export type LeadNews =
  | { readonly kind: 'leader'; readonly identity: string }
  | { readonly kind: 'trouble'; readonly detail: string };

/** What one may do as long as one leads. */
export interface Term {
  /** Aborted when the lease is lost or `signal` is: stop at once. */
  readonly lost: AbortSignal;
  /** Its writes are `failed`, and nothing is sent, once the lease may be another's: also right after a freeze. Reads as before. */
  readonly client: KubeConnection;
}

/** `ended`: by `signal`, or `run` returned; the lease was given up. `lost`: it could not be renewed in time, or was taken. */
export type LeadEnd = TenureEnd;

/**
 * Waits until the Lease is ours, then runs until it is lost, `run` returns or `signal` is aborted. By the rules of client-go
 * (tools/leaderelection/leaderelection.go), whose candidates it can stand beside: another's lease is over when its record has not
 * changed for its duration by our own monotonic clock, never by the times it holds, which are of other clocks. We step down
 * `renewSeconds` after the last renewal was *sent*, before anybody may take it. A write that had left us before then may still be
 * carried out after: no Lease prevents that. Throws what `run` throws, and RangeError where the times or the identity make no sense.
 */
export async function lead(options: LeadOptions, run: (term: Term) => Promise<void>): Promise<LeadEnd> {
  const times = timesOf(options);
  const { namespace, name, identity, signal } = options;
  if (identity === '') throw new RangeError('a candidate without a name would hold what others take for free');
  const client = options.client.apart();
  const lease = candidate({ client, namespace, name, identity, leaseSeconds: times.leaseSeconds });
  const race: Race = { lease, times, signal, tell: teller(options) };
  try {
    const takenAt = await take(race);
    return takenAt === undefined ? { kind: 'ended' } : await reign(race, beginTenure(takenAt, times.renewMs), run);
  } finally {
    client.close();
  }

  async function reign(race: Race, tenure: Tenure, run: (term: Term) => Promise<void>): Promise<LeadEnd> {
    const giveUp = (): void => tenure.end({ kind: 'ended' });
    signal.addEventListener('abort', giveUp, { once: true });
    const renewing = renew(race, tenure);
    const reason = (): string | undefined => (tenure.holds() ? undefined : 'no longer the leader');
    try {
      if (!signal.aborted) await run({ lost: tenure.over, client: fenced(options.client, reason) });
    } finally {
      giveUp();
      signal.removeEventListener('abort', giveUp);
      await renewing;
      const ours = tenure.holds();
      tenure.close();
      // It may be another's by now: then it is not ours to give up.
      if (ours) await lease.release({ timeoutMs: times.attemptMs });
    }
    return tenure.why() ?? { kind: 'ended' };
  }
}

interface Race {
  readonly lease: Candidate;
  readonly times: Times;
  readonly signal: AbortSignal;
  readonly tell: (attempt: Attempt) => void;
}

/** Tries until it is ours: as of when the request was sent. Undefined once the signal is aborted. */
async function take({ lease, times, signal, tell }: Race): Promise<number | undefined> {
  while (!signal.aborted) {
    const sentAt = performance.now();
    const attempt = await lease.attempt({ timeoutMs: times.attemptMs });
    tell(attempt);
    if (attempt.kind === 'held') return sentAt;
    // Candidates that began together must not all come at the same moment.
    await pause(times.retryMs * (1 + Math.random() / 5), signal);
  }
  return undefined;
}

/** Renews it until the tenure is over. */
async function renew({ lease, times, tell }: Race, tenure: Tenure): Promise<void> {
  const { over } = tenure;
  for (;;) {
    await pause(times.retryMs, over);
    if (over.aborted) return;
    const sentAt = performance.now();
    const attempt = await lease.attempt({ timeoutMs: times.attemptMs, signal: over });
    if (over.aborted) return;
    tell(attempt);
    if (attempt.kind === 'held') tenure.renewed(sentAt);
    if (attempt.kind === 'other') tenure.end({ kind: 'lost', detail: `${attempt.holder} took the lease` });
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}

/** Tells what is new in an attempt. */
function teller({ identity, onNews }: LeadOptions): Race['tell'] {
  let leader = '';
  let trouble = '';
  return (attempt) => {
    const detail = attempt.kind === 'failed' ? attempt.detail : '';
    if (detail !== '' && detail !== trouble) onNews?.({ kind: 'trouble', detail });
    trouble = detail;
    const holder = attempt.kind === 'held' ? identity : attempt.kind === 'other' ? attempt.holder : leader;
    if (holder !== leader) onNews?.({ kind: 'leader', identity: holder });
    leader = holder;
  };
}

interface Times {
  readonly leaseSeconds: number;
  readonly renewMs: number;
  readonly retryMs: number;
  /** For one attempt: a connection that is dead must leave time for another. */
  readonly attemptMs: number;
}

function timesOf({ leaseSeconds = 15, renewSeconds = 10, retrySeconds = 2 }: LeadOptions): Times {
  const ordered = 0 < retrySeconds && 1.2 * retrySeconds < renewSeconds && renewSeconds < leaseSeconds;
  if (!ordered || !Number.isInteger(leaseSeconds)) {
    throw new RangeError(`a lease of ${leaseSeconds} s, renewed within ${renewSeconds} s, each ${retrySeconds} s`);
  }
  return { leaseSeconds, renewMs: renewSeconds * 1000, retryMs: retrySeconds * 1000, attemptMs: renewSeconds * 500 };
}
