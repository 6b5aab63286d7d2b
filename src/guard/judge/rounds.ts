import type { GuardPlan } from '../model.ts';

/**
 * When the whole node is judged: at once, then every few minutes with jitter, so that a thousand nodes do not do it
 * together; soon after something that may change what is wanted; closely while a service is on its way to READY, which
 * is a matter of minutes, or of hours where it waits for another node. Pure: the clock and chance are passed in.
 */
export interface Rounds {
  /** Something happened that may change what is wanted. */
  ask(why: string, nowMs: number): void;
  /** A person wants one: at once, whatever the last one cost. */
  demand(): void;
  /** When the next round is due. */
  dueAt(): number;
  /** Why it runs sooner than by the clock; the first few reasons. */
  begun(nowMs: number): readonly string[];
  /** `failed`: there was no answer. */
  ended(nowMs: number, how: GuardPlan['phase'] | 'failed'): void;
}

export interface RoundsOptions {
  readonly everyMs: number;
  /** A number from 0 to 1, as Math.random gives. */
  readonly chance: () => number;
}

/** What comes together is judged together: a card with its VLANs, an editor's three writes. */
const SETTLE_MS = 300;
/** How much longer than a round the rest after it is, whatever happens on the node; not before and while a service starts. */
const REST_FACTOR = 10;
/** How closely a start is followed, and for how long; then each wait is twice the one before. */
const LAUNCHING_MS = 2_000;
const LAUNCH_MS = 3 * 60_000;
/** After a judgement that failed: what is wanted may not be known at all yet. */
const FAILED_MS = 30_000;
const JITTER = 0.2;
const MOST_REASONS = 5;

export function makeRounds({ everyMs, chance }: RoundsOptions): Rounds {
  let scheduledMs = Number.NEGATIVE_INFINITY;
  let askedMs: number | undefined;
  let begunMs = 0;
  let restedMs = Number.NEGATIVE_INFINITY;
  let demanded = false;
  let launchingMs: number | undefined;
  let launchWaitMs = LAUNCHING_MS;
  let reasons: string[] = [];

  function because(why: string): void {
    if (reasons.length < MOST_REASONS && !reasons.includes(why)) reasons.push(why);
  }

  function follow(launching: boolean, nowMs: number): void {
    if (!launching) launchingMs = undefined;
    else launchingMs ??= nowMs;
    const long = launchingMs !== undefined && nowMs - launchingMs >= LAUNCH_MS;
    launchWaitMs = long ? Math.min(everyMs, 2 * launchWaitMs) : LAUNCHING_MS;
  }

  return {
    ask(why, nowMs) {
      askedMs ??= nowMs + SETTLE_MS;
      because(why);
    },
    demand() {
      demanded = true;
      because('asked for');
    },
    dueAt: () =>
      demanded
        ? Number.NEGATIVE_INFINITY
        : Math.max(restedMs, Math.min(scheduledMs, askedMs ?? Number.POSITIVE_INFINITY)),
    begun(nowMs) {
      begunMs = nowMs;
      askedMs = undefined;
      demanded = false;
      const why = reasons;
      reasons = [];
      return why;
    },
    ended(nowMs, how) {
      const regular = everyMs * (1 - JITTER + 2 * JITTER * chance());
      if (how !== 'failed') follow(how === 'launching', nowMs);
      const soon = how === 'launching' ? launchWaitMs : how === 'failed' ? FAILED_MS : regular;
      const starts = how === 'before-launch' || (how === 'launching' && launchWaitMs === LAUNCHING_MS);
      const rest = starts ? 0 : how === 'failed' ? FAILED_MS : REST_FACTOR * (nowMs - begunMs);
      restedMs = nowMs + rest;
      scheduledMs = nowMs + Math.min(soon, regular);
    },
  };
}
