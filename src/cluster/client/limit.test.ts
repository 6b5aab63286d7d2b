import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { limitOf } from './limit.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('ends by the time, which can begin again, and says so', () => {
  const limit = limitOf(1000);
  vi.advanceTimersByTime(999);
  limit.again();
  vi.advanceTimersByTime(999);
  expect(limit.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect([limit.signal.aborted, limit.passed()]).toEqual([true, true]);
});

it('ends by its caller, also one that gave up before', () => {
  const caller = new AbortController();
  const limit = limitOf(1000, caller.signal);
  caller.abort();
  for (const one of [limit, limitOf(1000, caller.signal)]) {
    expect([one.signal.aborted, one.passed()]).toEqual([true, false]);
    one.release();
  }
  expect(vi.getTimerCount()).toBe(0);
});

it('leaves nothing with a caller that lives on, and many at once are no leak', async () => {
  const warned = vi.fn();
  process.on('warning', warned);
  const caller = new AbortController();
  const many = Array.from({ length: 50 }, () => limitOf(1000, caller.signal));
  expect(getEventListeners(caller.signal, 'abort')).toHaveLength(50);
  for (const limit of many) limit.release();
  expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
  await turn();
  process.off('warning', warned);
  expect(warned).not.toHaveBeenCalled();
});
