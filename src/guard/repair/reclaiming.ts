import { type OwnProgram, reclaimInChild } from '../judge/child.ts';
import type { GuardPlan } from '../model.ts';
import type { Sink } from '../tell/sink.ts';

/** Between two attempts at giving leases back, in milliseconds: after one that gave some, and after one that could not. */
const RECLAIM_EVERY_MS = 10 * 60_000;
const RETRY_MS = 2 * 60_000;

const NONE_YET =
  'leaked leases were found, and none could be given back safely yet; hayward leases says of each lease why';

export interface ReclaimingOptions {
  readonly program: OwnProgram;
  readonly sink: Pick<Sink, 'record' | 'complain'>;
  /** Whether anything may be changed now. */
  readonly may: () => boolean;
  readonly signal: AbortSignal;
  /** Milliseconds of a clock that nobody sets. */
  readonly now?: () => number;
}

/** Gives leaked leases back after a judgement that found some, in a child, now and then. */
export function makeReclaiming(options: ReclaimingOptions): (plan: GuardPlan) => Promise<void> {
  const { program, sink, may, signal, now = () => performance.now() } = options;
  let notBeforeMs = Number.NEGATIVE_INFINITY;
  let complaint = '';
  function complain(why: string): void {
    if (why !== complaint) sink.complain(why);
    complaint = why;
  }
  return async ({ leases }) => {
    if (now() < notBeforeMs || !may() || !leases.some(({ leaked }) => leaked > 0)) return;
    notBeforeMs = Number.POSITIVE_INFINITY;
    const answer = await reclaimInChild({ program, signal });
    const addresses = 'failed' in answer ? [] : answer.addresses;
    notBeforeMs = now() + (addresses.length > 0 ? RECLAIM_EVERY_MS : RETRY_MS);
    if (addresses.length > 0) {
      complaint = '';
      sink.record({ at: new Date().toISOString(), type: 'leases-reclaimed', addresses });
      // A guard that is told to end ends the child as well.
    } else if (!signal.aborted) {
      complain('failed' in answer ? `leaked leases could not be given back: ${answer.failed}` : NONE_YET);
    }
  };
}
