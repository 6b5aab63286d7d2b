import { setTimeout as wait } from 'node:timers/promises';

export interface Pauses {
  /** Waits for longer than the last time; not at all once the signal is aborted. */
  next(): Promise<void>;
  /** From here on it goes well: the next pause is the shortest again. */
  begin(): void;
}

const SHORTEST_MS = 200;
const LONGEST_MS = 30_000;
/** What has gone well for so long has nothing to do with the pauses before. */
const FORGOTTEN_MS = 2 * LONGEST_MS;

/**
 * Pauses that double up to half a minute, each longer by a random part of itself: a thousand agents that lost one server must not come
 * back at once (client-go tools/cache/reflector.go does the same).
 */
export function pausesFor(signal: AbortSignal): Pauses {
  let pause = SHORTEST_MS;
  let last = 0;
  return {
    async next() {
      const now = performance.now();
      if (now - last > FORGOTTEN_MS + pause) pause = SHORTEST_MS;
      last = now;
      const ms = pause * (1 + Math.random());
      pause = Math.min(2 * pause, LONGEST_MS);
      await wait(ms, undefined, { signal }).catch(() => undefined);
    },
    begin() {
      pause = SHORTEST_MS;
    },
  };
}
