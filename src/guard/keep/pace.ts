/**
 * How often one thing is put right, whatever makes it wrong. Five repairs within a minute are free; with the next one
 * the key is in a fight, and each further attempt waits twice as long as the one before, from the poll's interval up to
 * a minute, until all was quiet for five minutes. An attempt that fails waits in the same way from the first time on.
 * At a poll of 100 ms that is at most 14 attempts in the first minute of a fight, and one a minute in the end.
 */

/** More of them within a minute, and it is a fight. */
export const FREE_PER_MINUTE = 5;
export const MINUTE_MS = 60_000;
export const LONGEST_WAIT_MS = 60_000;
/** Undisturbed for so long, a fight is over. */
export const QUIET_MS = 5 * MINUTE_MS;

export interface Pace {
  /** When it was tried within the last minute, in milliseconds. */
  readonly attempts: readonly number[];
  /** There were too many of them, and no quiet since. */
  readonly fighting: boolean;
  /** How many times the wait has been doubled. */
  readonly doublings: number;
}

export const RESTED: Pace = { attempts: [], fighting: false, doublings: 0 };

/** The pace after one more attempt. */
export function afterAttempt(pace: Pace, nowMs: number, succeeded: boolean): Pace {
  const attempts = [...pace.attempts.filter((at) => nowMs - at < MINUTE_MS), nowMs];
  const fighting = pace.fighting || attempts.length > FREE_PER_MINUTE;
  return { attempts, fighting, doublings: fighting || !succeeded ? pace.doublings + 1 : 0 };
}

/** The pace once the key is known to be rewritten too often; unchanged where nothing was tried, for the kernel holds it. */
export function inFight(pace: Pace): Pace {
  return pace.attempts.length === 0 ? pace : { ...pace, fighting: true, doublings: Math.max(1, pace.doublings) };
}

/** How long after the last attempt the next one is due, in milliseconds. */
export function waitMs(pace: Pace, intervalMs: number): number {
  return pace.doublings === 0 ? 0 : Math.min(LONGEST_WAIT_MS, intervalMs * 2 ** pace.doublings);
}

/** When the next attempt is due, by the clock that `afterAttempt` was told. */
export function dueAt(pace: Pace, intervalMs: number): number {
  return (pace.attempts.at(-1) ?? Number.NEGATIVE_INFINITY) + waitMs(pace, intervalMs);
}
