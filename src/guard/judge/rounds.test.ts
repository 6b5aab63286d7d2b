import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeRounds } from './rounds.ts';

const make = (chance = 0.5) => makeRounds({ everyMs: 300_000, chance: () => chance });

describe('rounds', () => {
  it('are due at once, then by the clock, with jitter to both sides', () => {
    for (const [chance, next] of [
      [0, 240_000],
      [0.5, 300_000],
      [1, 360_000],
    ] as const) {
      const rounds = make(chance);
      expect(rounds.dueAt()).toBeLessThan(0);
      rounds.begun(0);
      rounds.ended(0, 'launched');
      expect(rounds.dueAt()).toBeCloseTo(next);
    }
  });

  it('come soon after what was asked, once for what came together, and say why', () => {
    const rounds = make();
    rounds.begun(0);
    rounds.ended(100, 'launched');
    rounds.ask('link br0', 50_000);
    rounds.ask('link br0.5', 50_100);
    rounds.ask('link br0', 50_200);
    expect(rounds.dueAt()).toBe(50_300);
    expect(rounds.begun(50_300)).toEqual(['link br0', 'link br0.5']);
    rounds.ask('later', 50_350);
    rounds.ended(50_400, 'launched');
    expect(rounds.dueAt()).toBe(51_400);
    expect(rounds.begun(51_400)).toEqual(['later']);
    rounds.ended(51_500, 'launched');
    expect(rounds.begun(400_000)).toEqual([]);
  });

  it('follow a service to its READY closely', () => {
    const rounds = make();
    rounds.begun(0);
    rounds.ended(100, 'launching');
    expect(rounds.dueAt()).toBe(2_100);
  });

  it('follow one that is hours on its way less and less, and the next one closely again', () => {
    const rounds = make();
    let now = 0;
    const next = (how: 'launching' | 'failed' | 'launched') => {
      rounds.begun(now);
      rounds.ended(now, how);
      const wait = rounds.dueAt() - now;
      now += wait;
      return wait;
    };
    while (now < 180_000) expect(next('launching')).toBe(2_000);
    expect(Array.from({ length: 9 }, () => Math.round(next('launching')))).toEqual([
      ...[4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1_000),
    ]);
    expect([next('failed'), next('launching')].map(Math.round)).toEqual([30_000, 300_000]);
    expect([next('launched'), next('launching')].map(Math.round)).toEqual([300_000, 2_000]);
  });

  it('meet the start of a service at once, however long the last one took', () => {
    const rounds = make();
    rounds.begun(0);
    rounds.ended(10_000, 'before-launch');
    rounds.ask('rke2-server.service started', 10_100);
    expect(rounds.dueAt()).toBe(10_400);
  });

  it('come again soon where there was no answer, and at once where a person wants one', () => {
    const rounds = make();
    rounds.begun(0);
    rounds.ended(60_000, 'failed');
    expect(rounds.dueAt()).toBe(90_000);
    rounds.demand();
    expect(rounds.dueAt()).toBeLessThan(0);
    rounds.begun(60_100);
    rounds.ended(60_200, 'launched');
    expect(rounds.dueAt()).toBeCloseTo(360_200);
  });

  it('take at most a tenth of the time, whatever is asked', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(2_000), { minLength: 5, maxLength: 50 }),
        fc.integer({ min: 1, max: 5_000 }),
        (gaps, took) => {
          const rounds = make();
          let [now, busy] = [0, 0];
          for (const gap of gaps) {
            rounds.ask('churn', now);
            now = Math.max(now + gap, rounds.dueAt());
            rounds.begun(now);
            rounds.ask('churn', now);
            now += took;
            busy += took;
            rounds.ended(now, 'launched');
          }
          expect(busy).toBeLessThanOrEqual((rounds.dueAt() + 1) / 10);
        },
      ),
    );
  });
});
