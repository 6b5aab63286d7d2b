import { expect, it } from 'vitest';
import { lease, look, NOW, network, sandbox } from '../../test/lease-looks.ts';
import { EMPTY, seen } from '../../test/parts.ts';
import { judgeLeases } from '../leases/judge.ts';
import type { LeaseLook } from '../leases/model.ts';
import { leaseReport, networkReports } from '../leases/report.ts';
import { leasesJson } from './leases-json.ts';

const HEAD = { schemaVersion: 1, troubles: [] };

function reportsOf(one: LeaseLook) {
  const times = { nowMs: NOW };
  const verdicts = judgeLeases(one, undefined, { ...times, graceMs: 0 });
  const judged = { capture: EMPTY, look: one, times, results: seen([]), unread: [], bootId: seen('b'), verdicts };
  return networkReports({ seen: judged, history: [], lang: 'zh-CN' });
}

function printed(one: LeaseLook): string {
  return [...leasesJson(HEAD, reportsOf(one), 'zh-CN')].join('');
}

it('holds everything, however many pieces it comes in', () => {
  const odd = [
    lease(2, 'odd', { ifName: '"\\', mtime: Number.MAX_VALUE }),
    lease(3, '', { containerId: '', ifName: '', size: 9 }),
  ];
  const many = [...odd, ...Array.from({ length: 1_201 }, (_, nth) => lease(nth + 4, `p${nth}`))];
  const empty = network('10.53.0.254', { name: 'empty' });
  const one = look({ leases: many, networks: [network('10.52.15.254'), empty], sandboxes: [sandbox('p0')] });
  const networks = reportsOf(one).map(({ verdicts, ...rest }) => {
    return { ...rest, leases: verdicts.map((verdict) => leaseReport(verdict, 'zh-CN')) };
  });
  expect(JSON.parse(printed(one))).toEqual({ ...HEAD, networks });
  expect(networks.map(({ leases }) => leases.length)).toEqual([1_203, 0]);
});

it('can be read by a person: a field a line, a lease a line', () => {
  const lines = printed(look({ leases: [lease(2, 'a'), lease(3, 'b')] })).split('\n');
  expect(lines.slice(0, 4)).toEqual(['{', '  "schemaVersion": 1,', '  "troubles": [],', '  "networks": [']);
  expect(lines.filter((line) => line.startsWith('        {"ip":"10.52.0.'))).toHaveLength(2);
  expect(lines.slice(-5)).toEqual(['      ]', '    }', '  ]', '}', '']);
});

it('is an empty list where there are no networks', () => {
  expect(JSON.parse(printed(look({ networks: [] })))).toEqual({ ...HEAD, networks: [] });
});

it('keeps hostile names and prints nothing a terminal acts on', () => {
  const name = 'evil\u009b2J"networks": [\u202e';
  const text = printed(look({ networks: [network('10.52.0.14', { name })] }));
  expect(text).not.toMatch(/[\u007f-\u009f\u202e]/);
  expect(JSON.parse(text)).toMatchObject({ networks: [{ name }] });
});
