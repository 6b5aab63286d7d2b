import { describe, expect, it } from 'vitest';
import { gathered, togetherOrEach } from './gather.ts';
import { ProbeError } from './probe-error.ts';

const failure = new ProbeError('failed', 'odd');

describe('what is asked for at the same time', () => {
  it('is done together, in lots, and answered to each', async () => {
    const lots: number[][] = [];
    const double = gathered<number, number>(4, (items) => {
      lots.push([...items]);
      return items.map((item) => item * 2);
    });
    expect(await Promise.all([1, 2, 3, 4, 5, 6].map(double))).toEqual([2, 4, 6, 8, 10, 12]);
    expect(await double(7)).toBe(14);
    expect(lots).toEqual([[1, 2, 3, 4], [5, 6], [7]]);
  });

  it('fails for whom it fails, or for all of a lot', async () => {
    const even = gathered<number, number>(2, (items) => {
      if (items.includes(9)) throw new Error('a bug');
      return items.map((item) => (item % 2 === 0 ? item : failure));
    });
    const settled = await Promise.allSettled([1, 2, 9, 4, 6].map(even));
    expect(settled.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))).toEqual([
      'ProbeError: odd',
      2,
      'Error: a bug',
      'Error: a bug',
      6,
    ]);
  });

  it('lets others have their turn between two lots', async () => {
    const order: string[] = [];
    const lot = gathered<number, void>(1, ([item]) => {
      order.push(`lot ${item}`);
      setImmediate(() => order.push(`other ${item}`));
      return [undefined];
    });
    await Promise.all([1, 2].map(lot));
    expect(order).toEqual(['lot 1', 'other 1', 'lot 2']);
  });
});

describe('what is done together, or else each alone', () => {
  const odd = (items: readonly number[]): void => {
    if (items.some((item) => item % 2 === 1)) throw failure;
  };

  it('is done once where it can be', async () => {
    const calls: number[][] = [];
    expect(await togetherOrEach([2, 4], (items) => void calls.push([...items]))).toEqual([undefined, undefined]);
    expect(calls).toEqual([[2, 4]]);
  });

  it('is told of those alone that fail; a bug is thrown', async () => {
    expect(await togetherOrEach([1, 2], async (items) => odd(items))).toEqual([failure, undefined]);
    expect(await togetherOrEach([1], odd)).toEqual([failure]);
    const bug = togetherOrEach([1], () => {
      throw new TypeError('a bug');
    });
    await expect(bug).rejects.toThrow('a bug');
  });
});
