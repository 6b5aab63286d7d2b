/** Runs a piece of work now, or when it is its turn; settles as the work does. */
export type Turnstile = <T>(work: () => Promise<T>) => Promise<T>;

/** Bounds how much runs at once. What waits begins in the order in which it came. */
export function turnstile(atOnce: number): Turnstile {
  const waiting: (() => void)[] = [];
  let running = 0;

  async function enter(): Promise<void> {
    if (running < atOnce) running++;
    else await new Promise<void>((go) => waiting.push(go));
  }
  /** Whoever ends hands the place over: a newcomer cannot slip in between. */
  function leave(): void {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
  return async (work) => {
    await enter();
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
