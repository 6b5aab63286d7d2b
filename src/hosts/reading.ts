/**
 * One observed value, or the honest absence of one. Unknown is a value with a reason: it never becomes a
 * default, and `denied` never means "broken".
 */

/** Why a value is not known: it does not exist, we may not look, looking went wrong, or nobody looked. */
export type UnknownReason = 'absent' | 'denied' | 'failed' | 'not-collected';

export interface Known<T> {
  readonly known: true;
  readonly value: T;
  /** Where it was seen: an absolute path, or a command line as one would type it. */
  readonly source: string;
}

export interface Unknown {
  readonly known: false;
  readonly reason: UnknownReason;
  /** One line for a person: the error text, or what would have to be collected. */
  readonly detail: string;
  readonly source: string;
}

export type Reading<T> = Known<T> | Unknown;

export function known<T>(value: T, source: string): Known<T> {
  return { known: true, value, source };
}

export function unknown(reason: UnknownReason, source: string, detail: string): Unknown {
  return { known: false, reason, source, detail };
}

/**
 * Applies a parser to a known reading. A parser that throws makes the reading `failed`, with the parser's own
 * words (which should name the place) as the detail: unparseable input is unknown, never a crash.
 */
export function mapReading<A, B>(reading: Reading<A>, parse: (value: A) => B): Reading<B> {
  if (!reading.known) return reading;
  try {
    return known(parse(reading.value), reading.source);
  } catch (error) {
    return unknown('failed', reading.source, error instanceof Error ? error.message : String(error));
  }
}

/** The first of some readings that is not known, for a check that needs them all. */
export function firstUnknown(...readings: readonly Reading<unknown>[]): Unknown | undefined {
  for (const reading of readings) if (!reading.known) return reading;
  return undefined;
}

/** The value, or `fallback` where *absent* has a defined meaning (a file that need not exist). Only `absent` falls back. */
export function orWhenAbsent<T>(reading: Reading<T>, fallback: T): Reading<T> {
  return !reading.known && reading.reason === 'absent' ? known(fallback, reading.source) : reading;
}
