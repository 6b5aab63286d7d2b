import type { Severity } from '../judging/finding.ts';

/** What is remembered from look to look. Plain JSON: it may be kept in a file between two runs. */
export interface Memory {
  /** By problem and subject. */
  readonly conditions: Readonly<Record<string, Condition>>;
}

export interface Condition {
  readonly bad: boolean;
  /** RFC 3339: since when it is bad, when it was last bad; empty where it never was. */
  readonly badSince: string;
  readonly lastBad: string;
  /** RFC 3339: when it turned bad, within the window. */
  readonly turns: readonly string[];
  /** RFC 3339: when it last turned at all. */
  readonly turned: string;
  /** How severe it was when it was last bad. */
  readonly severity: Severity;
}

export const NO_MEMORY: Memory = { conditions: {} };

/** What comes back within it was never gone: one good answer between bad ones does not start the clock anew. */
export const HOLD_SECONDS = 30;

/** This often bad within the window, and turned within the calm: flapping. A restart or an upgrade turns a thing once or twice. */
export const FLAPS = 3;
export const FLAP_WINDOW_SECONDS = 600;
export const CALM_SECONDS = 300;

/** What a look saw of a condition; what it could not see changes nothing that is remembered. */
export interface Sight {
  readonly bad: boolean;
  readonly severity: Severity;
}

/** A condition after one more look, at `at` (RFC 3339). */
export function remember(before: Condition | undefined, sight: Sight, at: string): Condition {
  const turned = before === undefined || before.bad !== sight.bad;
  const turns = before?.turns.filter((turn) => secondsBetween(turn, at) <= FLAP_WINDOW_SECONDS) ?? [];
  const common = { turned: turned ? at : (before?.turned ?? at), severity: before?.severity ?? sight.severity };
  if (!sight.bad) {
    return { ...common, bad: false, badSince: before?.badSince ?? '', lastBad: before?.lastBad ?? '', turns };
  }
  const held = before !== undefined && before.lastBad !== '' && secondsBetween(before.lastBad, at) <= HOLD_SECONDS;
  const goesOn = before?.bad === true || held;
  return {
    ...common,
    bad: true,
    severity: sight.severity,
    badSince: goesOn ? before.badSince : at,
    lastBad: at,
    turns: turned ? [...turns, at] : turns,
  };
}

/** Whether it comes and goes, as of `at`. */
export function isFlapping({ turns, turned }: Condition, at: string): boolean {
  const recent = turns.filter((turn) => secondsBetween(turn, at) <= FLAP_WINDOW_SECONDS);
  return recent.length >= FLAPS && secondsBetween(turned, at) < CALM_SECONDS;
}

/** Whether a condition that is good, and was not looked at again, may be forgotten. */
export function isForgettable({ turned }: Condition, at: string): boolean {
  return secondsBetween(turned, at) > FLAP_WINDOW_SECONDS;
}

export function secondsBetween(earlier: string, later: string): number {
  return (Date.parse(later) - Date.parse(earlier)) / 1000;
}
