import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { idOf, lease, look, NOW, network, sandbox } from '../../test/lease-looks.ts';
import { EMPTY, seen } from '../../test/parts.ts';
import { unknown } from '../hosts/reading.ts';
import { LANGS } from '../lang.ts';
import { displayWidth } from '../report/display-width.ts';
import { leasesText } from '../report/leases-text.ts';
import { historyKeeper } from './history-file.ts';
import { judgeLeases } from './judge.ts';
import { DEFAULT_GRACE_MS, type LeaseLook } from './model.ts';
import type { JudgedLeases } from './observe.ts';
import { countsOf, leaseReport, leasesStatus, type NetworkReport, networkReports } from './report.ts';

function judgedOf(one: LeaseLook, more: Partial<JudgedLeases> = {}): JudgedLeases {
  const times = { nowMs: NOW };
  const verdicts = judgeLeases(one, undefined, { ...times, graceMs: DEFAULT_GRACE_MS });
  return { capture: EMPTY, look: one, times, results: seen([]), unread: [], bootId: seen('b'), verdicts, ...more };
}

const MIXED = look({
  leases: [
    lease(2, 'a'),
    lease(3, 'gone'),
    lease(4, 'new', { mtime: NOW }),
    lease(5, '', { containerId: '', size: 9 }),
  ],
  sandboxes: [sandbox('a')],
});
const silent = unknown('failed', 'crictl pods -o json', 'connection refused');

const worded = (report?: NetworkReport) => (report?.verdicts ?? []).map((verdict) => leaseReport(verdict, 'en'));

describe('the report', () => {
  it('has the shape of the contract', () => {
    const [report] = networkReports({ seen: judgedOf(MIXED), history: [], lang: 'en' });
    expect(report).toMatchObject({
      name: 'pods',
      dataDir: '/var/lib/cni/networks',
      ranges: ['10.52.0.1-10.52.0.14'],
      capacity: 13,
      used: 4,
      leaked: 1,
      free: 9,
      forecast: { exhaustedAt: null, why: 'not enough history: 0 counts over 0 boots' },
    });
    expect(worded(report).map(({ ip, state }) => `${ip} ${state}`)).toEqual([
      '10.52.0.2 live',
      '10.52.0.3 leaked',
      '10.52.0.4 grace',
      '10.52.0.5 unknown',
    ]);
    expect(worded(report)[1]).toMatchObject({
      containerId: idOf('gone'),
      ifName: 'eth0',
      since: '2026-06-01T11:00:00.000Z',
    });
  });

  it('writes no date for a file whose time is none', () => {
    const odd = look({ leases: [lease(2, 'a', { mtime: Number.MAX_VALUE })] });
    const [report] = networkReports({ seen: judgedOf(odd), history: [], lang: 'en' });
    expect(worded(report)[0]?.since).toBe('');
  });

  it.each(LANGS)('as text (%s) fits its columns, whatever the names', (lang) => {
    const name = 'evil\u001b[31m';
    const odd = { ...MIXED, networks: [network('10.52.0.14'), network('10.52.0.14', { name, dataDir: `/d\u202e` })] };
    const networks = networkReports({ seen: judgedOf(odd), history: [], lang });
    const text = leasesText(networks, { lang, color: false, width: 80, verbose: false, quiet: false });
    expect(text).toContain('hayward leases reclaim');
    expect(text).toContain('10.52.0.3');
    expect(text).not.toContain('10.52.0.2 ');
    expect(text).not.toMatch(/[\u001b\u202e]/);
    for (const line of text.split('\n').filter((one) => one.startsWith('  '))) {
      expect(displayWidth(line)).toBeLessThanOrEqual(80);
    }
  });
});

describe('the exit status', () => {
  it.each([
    ['leaked leases are left', judgedOf(MIXED), 1],
    [
      'nothing is wrong, an operator’s note and a young lease included',
      judgedOf({ ...MIXED, leases: MIXED.leases.filter(({ containerId }) => containerId !== idOf('gone')) }),
      0,
    ],
    ['the runtime did not answer', judgedOf(look({ leases: [lease(2, 'a')], runtime: { sandboxes: silent } })), 3],
    ['no clock tells how old a lease is', judgedOf(look({ leases: [lease(2, 'a', { mtime: Number.MAX_VALUE })] })), 3],
    ['a directory could not be read', judgedOf(look({ networks: [] }), { unread: [silent] }), 3],
    [
      'the node could not be reached',
      judgedOf(look({ networks: [] }), { capture: { ...EMPTY, unreachable: silent } }),
      3,
    ],
    [
      'a range is full of living Pods',
      judgedOf(
        look({
          leases: Array.from({ length: 13 }, (_, nth) => lease(nth + 2, `p${nth}`)),
          sandboxes: Array.from({ length: 13 }, (_, nth) => sandbox(`p${nth}`)),
        }),
      ),
      1,
    ],
    ['host-local hands out nothing', judgedOf(look({ networks: [] })), 0],
  ])('where %s', (_, one, status) => {
    expect(leasesStatus([one])).toBe(status);
  });
});

describe('the history', () => {
  const state = mkdtempSync(join(tmpdir(), 'hayward-history-'));
  afterEach(() => rmSync(state, { recursive: true, force: true }));
  const keeper = historyKeeper({ environment: { HAYWARD_STATE: state }, root: true, harvester: false });

  it('counts no network whose leases could not all be judged: the count would lie', () => {
    expect(countsOf(judgedOf(look({ leases: [lease(2, 'a')], runtime: { sandboxes: silent } })))).toEqual([]);
    expect(countsOf(judgedOf(MIXED))).toMatchObject([{ used: 4, leaked: 1, bootId: 'b' }]);
  });

  it('is kept beside the journals, and none of a file tree', () => {
    const counts = countsOf(judgedOf(MIXED));
    expect(keeper.remember({ name: 'n', via: 'root' }, counts)).toEqual([]);
    expect(keeper.remember({ name: 'n', via: 'local' }, counts)).toEqual(counts);
    expect(readFileSync(join(state, 'leases.jsonl'), 'utf8').trim()).toBe(JSON.stringify(counts[0]));
    expect(keeper.remember({ name: 'n', via: 'local' }, counts)).toEqual(counts);
  });

  it('that cannot be kept stops nobody', () => {
    writeFileSync(state, '');
    expect(keeper.remember({ name: 'n', via: 'local' }, countsOf(judgedOf(MIXED)))).toHaveLength(1);
  });
});
