import { expect } from 'vitest';

/** Waits until it holds; without a time of its own that a loaded machine could miss. */
export function eventually<T>(look: () => T | Promise<T>) {
  return expect.poll(look, { timeout: 60_000, interval: 20 });
}
