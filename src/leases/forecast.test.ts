import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MINUTE, NOW } from '../../test/lease-looks.ts';
import { forecastOf } from './forecast.ts';
import { historyFrom, historyText, type LeaseRecord, recordsOf, withCounts } from './history.ts';

const DAY = 24 * 60 * MINUTE;

function record(daysAgo: number, boot: string, leaked: number): LeaseRecord {
  return { atMs: NOW - daysAgo * DAY, bootId: boot, dataDir: '/d', network: 'pods', used: leaked + 20, leaked };
}

const at = (free: number) => ({ atMs: NOW, free });

describe('forecast', () => {
  it('is now where the range is full', () => {
    expect(forecastOf([], at(0)).exhaustedAt).toBe(new Date(NOW).toISOString());
  });

  it('says when there is not enough history', () => {
    const forecast = forecastOf([record(2, 'a', 10), record(1, 'b', 20)], at(50));
    expect(forecast).toMatchObject({ exhaustedAt: null, why: { en: 'not enough history: 2 counts over 2 boots' } });
  });

  it('goes by what leaks at each boot', () => {
    const forecast = forecastOf([record(30, 'a', 0), record(20, 'b', 30), record(10, 'c', 60)], at(90));
    expect(forecast.exhaustedAt).toBe(new Date(NOW - 10 * DAY + 3 * 10 * DAY).toISOString());
  });

  it('goes by the growth over a day within one boot', () => {
    const forecast = forecastOf([record(2, 'a', 0), record(1, 'a', 10), record(0, 'a', 20)], at(50));
    expect(forecast.exhaustedAt).toBe(new Date(NOW + 5 * DAY).toISOString());
  });

  const growing = [record(30, 'a', 0), record(20, 'b', 30), record(10, 'c', 60)];
  const YEARS = 20 * 365 * DAY;
  it.each([
    ['was set since the boot', growing, { ...at(90), clockStepped: true }],
    ['is 20 years behind', growing, { ...at(90), atMs: NOW - YEARS }],
    ['is 20 years ahead', growing, { ...at(90), atMs: NOW + YEARS }],
    ['was 20 years behind at the counts', growing.map((one) => ({ ...one, atMs: one.atMs - YEARS })), at(90)],
    ['was 20 years ahead at the counts', growing.map((one) => ({ ...one, atMs: one.atMs + YEARS })), at(90)],
  ])('cannot tell where the clock %s', (_, records, now) => {
    const { exhaustedAt, why } = forecastOf(records, now);
    expect([exhaustedAt, why.en]).toEqual([null, expect.stringContaining('the clock is off')]);
  });

  it('passes over single counts of a clock that was off', () => {
    const odd = [record(7300, 'x', 20), ...growing, record(-7300, 'y', 20)];
    expect(forecastOf(odd, at(90))).toEqual(forecastOf(growing, at(90)));
  });

  it('begins anew after a reclaim', () => {
    const forecast = forecastOf(
      [record(40, 'a', 0), record(30, 'b', 50), record(20, 'c', 90), record(10, 'd', 0)],
      at(50),
    );
    expect(forecast.why.en).toContain('not enough history');
  });

  it('foretells nothing where nothing grows', () => {
    expect(forecastOf([record(3, 'a', 5), record(2, 'b', 5), record(1, 'c', 5)], at(50)).exhaustedAt).toBeNull();
  });
});

describe('history', () => {
  it('adds what says something new, and comes back from its text', () => {
    const first = withCounts([], [record(3, 'a', 1)]);
    expect(withCounts(first, [{ ...record(3, 'a', 1), atMs: NOW - 3 * DAY + MINUTE }])).toBe(first);
    const second = withCounts(first, [record(2.5, 'a', 2)]);
    const third = withCounts(second, [record(2.4, 'b', 2)]);
    expect(third).toHaveLength(3);
    expect(historyFrom(historyText(third))).toEqual(third);
    expect(recordsOf(third, { dataDir: '/d', network: 'others' })).toEqual([]);
  });

  it('survives any text, a torn line included', () => {
    expect(historyFrom(`${JSON.stringify(record(1, 'a', 1))}\n{"atMs":1,"boo`)).toHaveLength(1);
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void historyFrom(text)));
  });
});
