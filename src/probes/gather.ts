import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { ProbeError } from './probe-error.ts';

interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (value: R) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers what many ask for at about the same time and does it together, at most `most` at once; between two lots everybody else in
 * this process has a turn. `work` answers in the items' order, with a `ProbeError` for each that failed; what it throws is
 * everybody's. Where `patienceMs` is given it waits so long before each lot, for more to come along.
 */
export function gathered<T, R>(
  most: number,
  work: (items: readonly T[]) => readonly (R | ProbeError)[] | Promise<readonly (R | ProbeError)[]>,
  patienceMs = 0,
): (item: T) => Promise<R> {
  const queue: Waiting<T, R>[] = [];
  let busy = false;

  async function settle(lot: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const results = await work(lot.map(({ item }) => item));
      for (const [index, { resolve, reject }] of lot.entries()) {
        const result = results[index];
        if (result instanceof ProbeError) reject(result);
        else resolve(result as R);
      }
    } catch (error) {
      for (const { reject } of lot) reject(error);
    }
  }

  async function run(): Promise<void> {
    busy = true;
    while (queue.length > 0) {
      await (patienceMs === 0 ? setImmediate() : delay(patienceMs));
      await settle(queue.splice(0, most));
    }
    busy = false;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, resolve, reject });
      if (!busy) void run();
    });
}

/** Does the work for all together; where that fails, for each alone, so that one does not keep the others back. */
export async function togetherOrEach<T>(
  items: readonly T[],
  work: (items: readonly T[]) => void | Promise<void>,
): Promise<readonly (ProbeError | undefined)[]> {
  const failure = await failureOf(work, items);
  if (failure === undefined || items.length === 1) return items.map(() => failure);
  const failures: (ProbeError | undefined)[] = [];
  for (const item of items) failures.push(await failureOf(work, [item]));
  return failures;
}

async function failureOf<T>(
  work: (items: readonly T[]) => void | Promise<void>,
  items: readonly T[],
): Promise<ProbeError | undefined> {
  try {
    await work(items);
    return undefined;
  } catch (error) {
    if (error instanceof ProbeError) return error;
    throw error;
  }
}

/** A `ProbeError` as a value; anything else is a bug and is thrown on. */
export function valueOrFailure<R>(work: () => R): R | ProbeError {
  try {
    return work();
  } catch (error) {
    if (error instanceof ProbeError) return error;
    throw error;
  }
}
