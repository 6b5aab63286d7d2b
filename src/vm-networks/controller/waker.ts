import { setTimeout as wait } from 'node:timers/promises';

/** Wakes a loop: by an event, or when a time has come. */
export interface Waker {
  wake(): void;
  /** Returns after an event, or at that time (ms of performance.now), or when the signal is aborted. */
  until(atMs: number): Promise<void>;
}

const LONGEST_SLEEP_MS = 60_000;

/** After an event it still waits `togetherMs`: changes come in crowds, and what came together is looked at together. */
export function waker(togetherMs: number, signal: AbortSignal): Waker {
  let isWoken = false;
  let rouse: (() => void) | undefined;
  const wake = (): void => {
    isWoken = true;
    rouse?.();
  };
  signal.addEventListener('abort', wake, { once: true });
  return {
    wake,
    async until(atMs) {
      if (!isWoken) {
        const over = new AbortController();
        const sleep = Math.max(0, Math.min(LONGEST_SLEEP_MS, atMs - performance.now()));
        const slept = wait(sleep, undefined, { signal: over.signal }).catch(() => undefined);
        const woken = new Promise<void>((resolve) => {
          rouse = resolve;
        });
        await Promise.race([slept, woken]);
        rouse = undefined;
        over.abort();
      }
      if (isWoken && !signal.aborted) await wait(togetherMs, undefined, { signal }).catch(() => undefined);
      isWoken = false;
    },
  };
}
