import { turnstile } from '../../turnstile.ts';

/** Work for many keys, so much at a time; never two for one key. */
export interface KeyedWork {
  /** False where something is under way for that key: it is then told by `after` when that is over. */
  begin(key: string, work: () => Promise<void>): boolean;
  isBusy(key: string): boolean;
  /** Resolves once nothing is under way. */
  idle(): Promise<void>;
}

/** An error in the work is a bug: `failed` is told, and the others go on. */
export function keyedWork(
  atOnce: number,
  { after, failed }: { after: (key: string) => void; failed: (error: unknown) => void },
): KeyedWork {
  const busy = new Map<string, Promise<void>>();
  const turns = turnstile(atOnce);

  async function run(key: string, work: () => Promise<void>): Promise<void> {
    await turns(work).catch(failed);
    busy.delete(key);
    after(key);
  }
  return {
    begin(key, work) {
      if (busy.has(key)) return false;
      busy.set(key, run(key, work));
      return true;
    },
    isBusy: (key) => busy.has(key),
    async idle() {
      while (busy.size > 0) await Promise.all(busy.values());
    },
  };
}
