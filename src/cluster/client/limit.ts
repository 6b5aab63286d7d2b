import { setMaxListeners } from 'node:events';

export interface Limit {
  /** Aborted when the time has passed or the caller gave up. */
  readonly signal: AbortSignal;
  /** Whether it was the time. */
  readonly passed: () => boolean;
  /** Counts from now again. */
  readonly again: () => void;
  /** Lets go of the timer and of the caller's signal. */
  readonly release: () => void;
}

/**
 * A time limit for one piece of work, which its caller may end before. AbortSignal.any would stay registered with a signal that lives
 * as long as the process, and AbortSignal.timeout keep its timer, once for each request.
 */
export function limitOf(ms: number, caller?: AbortSignal): Limit {
  const own = new AbortController();
  let passed = false;
  const timer = setTimeout(() => {
    passed = true;
    own.abort();
  }, ms);
  const abort = (): void => own.abort();
  if (caller?.aborted) abort();
  else if (caller) {
    // Each piece under way listens, and lets go: that is bounded, though more than the ten that Node takes for a leak.
    setMaxListeners(0, caller);
    caller.addEventListener('abort', abort, { once: true });
  }
  return {
    signal: own.signal,
    passed: () => passed,
    again: () => void timer.refresh(),
    release() {
      clearTimeout(timer);
      caller?.removeEventListener('abort', abort);
    },
  };
}
