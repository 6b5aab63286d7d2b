import type { Reading } from '../hosts/reading.ts';

/**
 * The first known of readings that say the same thing. When none is known, the first one's reason stands, unless it is
 * merely absent while a later one could not be looked at: then that is why nothing is known.
 */
export function orElse<T>(first: Reading<T>, ...others: readonly Reading<T>[]): Reading<T> {
  const all = [first, ...others];
  return (
    all.find((reading) => reading.known) ??
    all.find((reading) => !reading.known && reading.reason !== 'absent' && reading.reason !== 'not-collected') ??
    all.find((reading) => !reading.known && reading.reason !== 'absent') ??
    first
  );
}
