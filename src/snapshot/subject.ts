import type { Ask } from '../hosts/ask.ts';
import type { CaptureView } from '../hosts/capture.ts';

/**
 * One subject of a snapshot: what it asks of a host and how the answers are read. `parse` is pure and total:
 * whatever the bytes, it returns readings, never throws, and takes no clock.
 */
export interface Subject<T> {
  readonly asks: readonly Ask[];
  parse(view: CaptureView): T;
}

/** Ties a subject's type to its definition. */
export function subject<T>(definition: Subject<T>): Subject<T> {
  return definition;
}
