import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Written } from '../../cluster/client/write.ts';
import type { ProbeResult } from '../cluster/model.ts';
import { type Answers, answersTo, type StatusPatch } from './answers.ts';

const result = (ask: number): ProbeResult => ({ ask, state: 'active', reason: 'ok', message: '', at: '' });
const DONE: Written = { kind: 'done', object: {} };
const BUSY: Written = { kind: 'failed', detail: 'HTTP 500: busy' };

let stop: AbortController;
let written: StatusPatch[];
let outcomes: Written[];
let refused: string[];
let answers: Answers;
/** Holds writes back until it is called. */
let release: (() => void) | undefined;
let isHeld: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  stop = new AbortController();
  [written, outcomes, refused, isHeld] = [[], [], [], false];
  answers = answersTo({
    version: '1',
    async write(patch) {
      written.push(patch);
      if (isHeld)
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      return outcomes.shift() ?? DONE;
    },
    refused: (detail) => refused.push(detail),
    now: () => new Date(),
    signal: stop.signal,
  });
});
afterEach(async () => {
  stop.abort();
  await vi.advanceTimersByTimeAsync(1);
  await answers.ended;
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const asksIn = (patch: StatusPatch | undefined) =>
  Object.entries(patch?.results ?? {}).map(([key, one]) => [key, one?.ask ?? null]);

describe('answers', () => {
  it('are written together, at once when nothing was written lately, and not before there is an object', async () => {
    answers.answer('a/1', result(1));
    await pass(1000);
    expect(written).toEqual([]);
    answers.open();
    await pass(0);
    expect(written.map(asksIn)).toEqual([[['a/1', 1]]]);
    answers.answer('a/1', result(2));
    answers.answer('a/2', result(1));
    answers.takeBack('a/3');
    await pass(50);
    expect(written).toHaveLength(1);
    await pass(51);
    expect(asksIn(written[1])).toEqual([
      ['a/1', 2],
      ['a/2', 1],
      ['a/3', null],
    ]);
  });

  it('name what they do not say, so that a merge takes it away', async () => {
    answers.open();
    answers.answer('a/1', { ...result(1), cidr: '10.0.0.0/24' });
    await pass(101);
    expect(written.at(-1)?.results?.['a/1']).toMatchObject({ cidr: '10.0.0.0/24', side: null, servers: null });
  });

  it('that could not be written are kept and tried again, told of once, and give way to newer ones', async () => {
    outcomes = [DONE, BUSY, BUSY];
    answers.open();
    await pass(200);
    answers.answer('a/1', result(1));
    answers.answer('a/2', result(1));
    isHeld = true;
    await pass(0);
    answers.answer('a/2', result(2));
    isHeld = false;
    release?.();
    await pass(3000);
    expect(refused).toEqual(['HTTP 500: busy']);
    expect(written.map(asksIn).slice(1)).toEqual([
      [
        ['a/1', 1],
        ['a/2', 1],
      ],
      [
        ['a/2', 2],
        ['a/1', 1],
      ],
      [
        ['a/2', 2],
        ['a/1', 1],
      ],
    ]);
  });

  it('are forgotten with the object', async () => {
    answers.open();
    await pass(200);
    answers.drop();
    answers.answer('a/1', result(1));
    await pass(1000);
    expect(written).toHaveLength(1);
    answers.open();
    await pass(200);
    expect(asksIn(written[1])).toEqual([['a/1', 1]]);
  });

  it('are a sign of life each minute where there is nothing else to say', async () => {
    answers.open();
    await pass(5 * 60_000 + 500);
    expect(written.length).toBeGreaterThanOrEqual(5);
    expect(written.length).toBeLessThanOrEqual(6);
    expect(new Set(written.map(({ agent }) => agent.startedAt)).size).toBe(1);
  });
});
