import { expect, it } from 'vitest';
import { turnstile } from './turnstile.ts';

it('lets so many in and no more, in their order, also when one leaves as another comes', async () => {
  const turns = turnstile(2);
  const begun: number[] = [];
  const works = new Map<number, Promise<void>>();
  const ends = new Map<number, () => void>();
  const run = (name: number): Promise<void> =>
    turns(() => {
      begun.push(name);
      const work = new Promise<void>((end) => ends.set(name, end));
      works.set(name, work);
      return work;
    });
  const all = [run(1), run(2), run(3)];
  await expect.poll(() => begun).toEqual([1, 2]);
  // Comes when the first has just left and the third, whose turn it is, has not yet begun.
  const newcomer = works.get(1)?.then(() => run(4));
  ends.get(1)?.();
  await expect.poll(() => begun).toEqual([1, 2, 3]);
  ends.get(2)?.();
  await expect.poll(() => begun).toEqual([1, 2, 3, 4]);
  for (const name of [3, 4]) ends.get(name)?.();
  await Promise.all([...all, newcomer]);
});

it('gives the place on after a failure, and fails as the work did', async () => {
  const turns = turnstile(1);
  const all = [turns(() => Promise.reject(new Error('a bug'))), turns(() => Promise.resolve('fine'))];
  expect(await Promise.allSettled(all)).toMatchObject([{ reason: { message: 'a bug' } }, { value: 'fine' }]);
});
