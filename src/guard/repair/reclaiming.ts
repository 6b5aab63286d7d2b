import { type OwnProgram, reclaimInChild } from '../judge/child.ts';
import type { GuardPlan } from '../model.ts';
import type { Sink } from '../tell/sink.ts';

/** Between two attempts at giving leases back, in milliseconds. */
const RECLAIM_EVERY_MS = 10 * 60_000;

export interface ReclaimingOptions {
  readonly program: OwnProgram;
  readonly sink: Pick<Sink, 'record' | 'complain'>;
  /** Whether anything may be changed now. */
  readonly may: () => boolean;
  readonly signal: AbortSignal;
}

/** Gives leaked leases back after a judgement that found some, in a child, now and then. */
export function makeReclaiming({ program, sink, may, signal }: ReclaimingOptions): (plan: GuardPlan) => Promise<void> {
  let lastMs = Number.NEGATIVE_INFINITY;
  return async ({ leases }) => {
    const due = performance.now() - lastMs >= RECLAIM_EVERY_MS;
    if (!due || !may() || !leases.some(({ leaked }) => leaked > 0)) return;
    lastMs = performance.now();
    const answer = await reclaimInChild({ program, signal });
    if ('failed' in answer) {
      // A guard that is told to end ends it as well.
      if (!signal.aborted) sink.complain(`leaked leases could not be given back: ${answer.failed}`);
    } else if (answer.addresses.length > 0) {
      sink.record({ at: new Date().toISOString(), type: 'leases-reclaimed', addresses: answer.addresses });
    }
  };
}
