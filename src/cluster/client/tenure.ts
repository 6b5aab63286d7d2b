/** `ended`: by its own side; `lost`: the lease may be another's from here on. */
export type TenureEnd = { readonly kind: 'ended' } | { readonly kind: 'lost'; readonly detail: string };

/** The time for which a lease is surely ours. */
export interface Tenure {
  /** Aborted at its end, however it ends. */
  readonly over: AbortSignal;
  /** Why it ended; undefined before. */
  readonly why: () => TenureEnd | undefined;
  /** Whether the lease is surely ours: by the clock, which goes on while our timers are held up. Also after `ended`, until it runs out. */
  readonly holds: () => boolean;
  /** Renewed by a request that was sent then. What comes too late renews nothing. */
  readonly renewed: (sentAt: number) => void;
  readonly end: (why: TenureEnd) => void;
  /** Gives up what is left of it. */
  readonly close: () => void;
}

/** Begins one that a request took which was sent at `sentAt` (performance.now()), and that lasts `ms` from each renewal. */
export function beginTenure(sentAt: number, ms: number): Tenure {
  const over = new AbortController();
  const ranOut: TenureEnd = { kind: 'lost', detail: `not renewed for ${ms / 1000} s` };
  let until = sentAt + ms;
  let why: TenureEnd | undefined;
  let closed = false;
  let timer = setTimeout(expire, until - performance.now());

  const holds = (): boolean => !closed && why?.kind !== 'lost' && performance.now() < until;
  // Who was held up, as by a freeze, comes to its own end before the timer does: what had run out by then was lost all the same.
  function end(reason: TenureEnd): void {
    if (why !== undefined) return;
    why = performance.now() < until ? reason : ranOut;
    clearTimeout(timer);
    over.abort();
  }
  function expire(): void {
    end(ranOut);
  }
  return {
    over: over.signal,
    why: () => why,
    holds,
    renewed(at) {
      if (why !== undefined) return;
      if (!holds()) return expire();
      until = at + ms;
      clearTimeout(timer);
      timer = setTimeout(expire, until - performance.now());
    },
    end,
    close() {
      end({ kind: 'ended' });
      closed = true;
    },
  };
}
