import type { Severity } from '../judging/finding.ts';
import { type Boots, NO_BOOTS } from './reboots.ts';
import { secondsBetween } from './time.ts';
import type { Intervals } from './webhook-calls.ts';

/** What is remembered from look to look. Plain JSON: it is kept in a file between two runs. */
export interface Memory {
  /** By problem and subject. */
  readonly conditions: Readonly<Record<string, Condition>>;
  /** RFC 3339: when the cluster was looked at, oldest first, the last few. */
  readonly looks: readonly string[];
  readonly boots: Boots;
  /** What API servers called webhooks for. */
  readonly calls: Intervals;
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

export const NO_MEMORY: Memory = { conditions: {}, looks: [], boots: NO_BOOTS, calls: {} };

/** What comes back within it was never gone: one good answer between bad ones does not start the clock anew. */
export const HOLD_SECONDS = 30;

/** This often bad within the window, and turned within the calm: flapping. A restart or an upgrade turns a thing once or twice. */
export const FLAPS = 3;

/** How the looks follow one another, and what follows from it for what comes and goes. */
export interface Pace {
  readonly windowSeconds: number;
  readonly calmSeconds: number;
}

/** Who looks every few seconds or once a minute. */
export const CLOSE_PACE: Pace = { windowSeconds: 600, calmSeconds: 300 };

const MOST_LOOKS = 13;
const LONGEST_WINDOW_SECONDS = 7200;

/**
 * Who looks every five minutes sees of what comes and goes only every fifth minute: the window is twelve usual pauses long, the calm
 * three. At the least the window is ten minutes and at the most two hours.
 */
export function paceOf(looks: readonly string[]): Pace {
  const usual = usualGap(looks) ?? 0;
  const windowSeconds = Math.min(LONGEST_WINDOW_SECONDS, Math.max(CLOSE_PACE.windowSeconds, 12 * usual));
  return { windowSeconds, calmSeconds: Math.max(CLOSE_PACE.calmSeconds, windowSeconds / 4) };
}

/** Seconds from one look to the next, the middle one of them; not known of fewer than three. */
function usualGap(looks: readonly string[]): number | undefined {
  const gaps = looks.slice(1).map((look, index) => secondsBetween(looks[index] ?? look, look));
  return gaps.length < 3 ? undefined : gaps.sort((a, b) => a - b)[gaps.length >> 1];
}

/** After so long, or twice the usual pause, nothing is known of the time between; a day is the most. */
const BLIND_SECONDS = 900;
const DAY_SECONDS = 86_400;

/**
 * What of a memory still counts at a look, `at` (RFC 3339). Two looks that saw a thing bad speak for the time between them, unless
 * it was longer than one is used to: then every clock begins anew. So it does when the clock was put back.
 */
export function memoryAsOf(memory: Memory, at: string): Memory {
  const last = memory.looks.at(-1);
  if (last === undefined) return memory;
  const gap = secondsBetween(last, at);
  const limit = Math.min(DAY_SECONDS, Math.max(BLIND_SECONDS, 2 * (usualGap(memory.looks) ?? 0)));
  return gap < 0 || gap > limit ? { ...memory, conditions: {}, looks: gap < 0 ? [] : memory.looks } : memory;
}

/** The times of the last looks, this one among them. */
export function looksWith(looks: readonly string[], at: string): readonly string[] {
  return [...looks, at].slice(-MOST_LOOKS);
}

/** What a look saw of a condition; what it could not see changes nothing that is remembered. */
export interface Sight {
  readonly bad: boolean;
  readonly severity: Severity;
}

/** When it was looked, and how the looks follow one another. */
export interface Timing {
  /** RFC 3339. */
  readonly at: string;
  readonly pace: Pace;
}

/** A condition after one more look. */
export function remember(before: Condition | undefined, sight: Sight, { at, pace }: Timing): Condition {
  const turned = before === undefined || before.bad !== sight.bad;
  const turns = before?.turns.filter((turn) => secondsBetween(turn, at) <= pace.windowSeconds) ?? [];
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

/** Whether it comes and goes. */
export function isFlapping({ turns, turned }: Condition, { at, pace }: Timing): boolean {
  const recent = turns.filter((turn) => secondsBetween(turn, at) <= pace.windowSeconds);
  return recent.length >= FLAPS && secondsBetween(turned, at) < pace.calmSeconds;
}

/** Whether a condition that is good, and was not looked at again, may be forgotten. */
export function isForgettable({ turned }: Condition, { at, pace }: Timing): boolean {
  return secondsBetween(turned, at) > pace.windowSeconds;
}
