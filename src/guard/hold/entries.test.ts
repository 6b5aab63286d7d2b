import { describe, expect, it } from 'vitest';
import type { SettingDemand } from '../demand.ts';
import { entriesFor, type Means } from './entries.ts';
import { readHeld } from './layout.ts';

const MEANS: Means = { replaces: true, mayBeIgnored: (_, value) => /^\d+$/.test(value) };

function demand(key: string, value: string, more: Partial<SettingDemand> = {}): SettingDemand {
  return { kind: 'setting', key, value, by: 'test', reason: { en: '', 'zh-CN': '' }, ...more };
}

function told(demands: readonly SettingDemand[], means: Partial<Means> = {}) {
  const { entries, held, refused } = entriesFor(demands, { ...MEANS, ...means });
  return { held, refused, entries: [...entries].map(([name, bytes]) => [name, readHeld(bytes)] as const) };
}

describe('a demand', () => {
  it('is held by each of its names, counted under its own', () => {
    for (const [key, other] of [
      ['net/ipv4/ip_forward', 'net/ipv4/conf/all/forwarding'],
      ['net/ipv4/conf/all/forwarding', 'net/ipv4/ip_forward'],
      ['net/nf_conntrack_max', 'net/netfilter/nf_conntrack_max'],
    ] as const) {
      const entry = { own: key, value: '1', watched: false, ignorable: true };
      expect(told([demand(key, '1')])).toEqual({
        held: [key],
        refused: [],
        entries: [
          [key, entry],
          [other, entry],
        ],
      });
    }
  });

  it('for the other name speaks for itself', () => {
    const both = ['net/ipv4/ip_forward', 'net/ipv4/conf/all/forwarding'];
    const { held, entries } = told(both.map((key) => demand(key, '1')));
    expect(held).toEqual(both);
    expect(entries.map(([name, { own }]) => [name, own])).toEqual(both.map((key) => [key, key]));
  });

  it('is written with single spaces', () => {
    expect(told([demand('net/ipv4/tcp_rmem', ' 4096\t131072  6291456\n')]).entries[0]?.[1].value).toBe(
      '4096 131072 6291456',
    );
  });
});

describe('a refused demand is watched:', () => {
  for (const [what, refused, why, means] of [
    ['others are as good', demand('a/b', '2', { also: ['0'] }), 'other values are as good', {}],
    ['larger ones are as good', demand('a/b', '2', { atLeast: true }), 'larger values are as good', {}],
    ['no value', demand('a/b', ' '), 'an empty value cannot be written', {}],
    ['a value too long', demand('a/b', 'x'.repeat(64)), 'its value has more than 63 bytes', {}],
    [
      'text, to a kernel that ignores replacements',
      demand('a/b', 'cubic'),
      /^this kernel ignores/,
      { replaces: false },
    ],
  ] as const)
    it(what, () => {
      const { held, entries, ...rest } = told([refused], means);
      expect(held).toEqual([]);
      expect(rest.refused).toMatchObject([{ key: 'a/b' }]);
      expect(rest.refused[0]?.why).toMatch(why);
      expect(entries).toMatchObject([['a/b', { own: 'a/b', watched: true }]]);
    });

  it('two wishes', () => {
    const { held, refused } = told([demand('a/b', '1'), demand('a/b', '0'), demand('a/c', '1')]);
    expect(held).toEqual(['a/c']);
    expect(refused).toEqual([{ key: 'a/b', why: 'wanted to be 1 and 0' }]);
  });
});

describe('no place', () => {
  it('for a long name', () => {
    const key = `net/${'x'.repeat(76)}`;
    expect(told([demand(key, '1')])).toEqual({
      held: [],
      refused: [{ key, why: 'its name has more than 79 bytes' }],
      entries: [],
    });
  });

  it('for more than 1024 names', () => {
    const { held, refused, entries } = told(Array.from({ length: 1030 }, (_, index) => demand(`a/${index}`, '1')));
    expect([held.length, refused.length, entries.length]).toEqual([1024, 6, 1024]);
    expect(refused[0]).toEqual({ key: 'a/1024', why: 'no more than 1024 names can be held' });
  });
});
