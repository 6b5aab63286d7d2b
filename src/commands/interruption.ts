/** SIGINT, SIGTERM and SIGHUP while something is being changed: the step in hand is finished, the rest left out. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** Back to what signals do otherwise. */
  restore(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Listens until `restore` is called; `onFirst` is called once, at the first signal. */
export function catchInterruption(onFirst: () => void): Interruption {
  const controller = new AbortController();
  const caught = (): void => {
    if (!controller.signal.aborted) onFirst();
    controller.abort();
  };
  for (const signal of SIGNALS) process.on(signal, caught);
  return {
    signal: controller.signal,
    restore() {
      for (const signal of SIGNALS) process.off(signal, caught);
    },
  };
}
