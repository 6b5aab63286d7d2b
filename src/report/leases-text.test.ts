import { expect, it } from 'vitest';
import { lease, look, NOW, network, sandbox } from '../../test/lease-looks.ts';
import { EMPTY, seen } from '../../test/parts.ts';
import { LANGS } from '../lang.ts';
import { judgeLeases } from '../leases/judge.ts';
import { DEFAULT_GRACE_MS, type LeaseLook } from '../leases/model.ts';
import { networkReports } from '../leases/report.ts';
import { displayWidth } from './display-width.ts';
import { leasesText } from './leases-text.ts';

const OPTIONS = { lang: 'en', color: false, width: 80, verbose: false, quiet: false } as const;

function text(one: LeaseLook, options: Partial<Parameters<typeof leasesText>[1]> = {}): string {
  const times = { nowMs: NOW };
  const verdicts = judgeLeases(one, undefined, { ...times, graceMs: DEFAULT_GRACE_MS });
  const judged = { capture: EMPTY, look: one, times, results: seen([]), unread: [], bootId: seen('b'), verdicts };
  const all = { ...OPTIONS, ...options };
  return leasesText(networkReports({ seen: judged, history: [], lang: all.lang }), all);
}

/** Addresses 2 to 251 and their sandboxes gone, as a directory may list them. */
const leases = Array.from({ length: 250 }, (_, nth) => lease(251 - nth, `gone-${nth}`));
const FULL = look({ leases, networks: [network('10.52.0.254')] });

it('gives a reason once, the lowest addresses first, and says how many more there are', () => {
  const lines = text(FULL).split('\n');
  const reasons = lines.filter((line) => line.startsWith('  leaked  '));
  expect(reasons).toEqual(['  leaked  the runtime does not know its sandbox, and nothing uses the address']);
  const addresses = lines.flatMap((line) => /^ {6}(10\.\S+)/.exec(line)?.[1] ?? []);
  expect(addresses).toEqual(Array.from({ length: 12 }, (_, nth) => `10.52.0.${nth + 2}`));
  expect(lines).toContain('  … and 238 more (--verbose shows all)');
});

it.each(LANGS)('fits 80 columns in %s, whole or shortened', (lang) => {
  for (const verbose of [false, true]) {
    for (const line of text(FULL, { lang, verbose }).split('\n').slice(1)) {
      expect(displayWidth(line)).toBeLessThanOrEqual(80);
    }
  }
});

it('groups by state and reason where they differ', () => {
  const mixed = look({
    leases: [lease(9, 'gone'), lease(3, 'dead'), lease(4, 'gone too'), lease(5, 'new', { mtime: NOW })],
    sandboxes: [sandbox('dead', { state: 'notready' })],
  });
  const heads = text(mixed).match(/^ {2}(?:leaked|grace) +\S+ \S+/gm);
  expect(heads).toEqual(["  leaked  its Pod's", '  leaked  the runtime', '  grace  it was']);
});

it('says why its ranges are not known once', () => {
  const ranges = { known: false, reason: 'absent', source: 's', detail: 'nobody names it' } as const;
  const lines = text(look({ networks: [network('', { ranges })] })).split('\n');
  expect(lines.slice(0, 4)).toEqual([
    'pods  /var/lib/cni/networks/pods',
    '  0 held, 0 leaked',
    '  not known: nobody names it',
    '',
  ]);
});

it.each([
  ['en', '250 of 253 held, 0 leaked, 250 not known, 3 free'],
  ['zh-CN', '未知 250'],
] as const)(
  'says in its head of how many it is not known, in %s: nothing that could not be seen is in order',
  (lang, said) => {
    const sandboxes = {
      known: false,
      reason: 'denied',
      source: 's',
      detail: 'the socket is closed to this user',
    } as const;
    const unseen = look({ leases, networks: [network('10.52.0.254')], runtime: { sandboxes } });
    expect(text(unseen, { lang }).split('\n')[1]).toContain(said);
  },
);
