import { expect, it } from 'vitest';
import { look, NOW, sandbox } from '../../test/lease-looks.ts';
import { EMPTY, seen } from '../../test/parts.ts';
import { unknown } from '../hosts/reading.ts';
import { leasesText } from '../report/leases-text.ts';
import type { LeaseLook } from './model.ts';
import type { JudgedLeases } from './observe.ts';
import { networkReports } from './report.ts';
import { runtimeReports } from './runtime-report.ts';

const SOCKET = '/run/k3s/containerd/containerd.sock';

function judged(runtime: Partial<LeaseLook['runtime']>): JudgedLeases {
  const one = look({ runtime });
  const verdicts: JudgedLeases['verdicts'] = [];
  return {
    capture: EMPTY,
    look: one,
    times: { nowMs: NOW },
    results: seen([]),
    unread: [],
    bootId: seen('b'),
    verdicts,
  };
}

const answers = judged({ socket: SOCKET, sandboxes: seen([sandbox('a'), sandbox('b', { state: 'notready' })]) });
const silent = judged({
  socket: '',
  sandboxes: unknown('denied', 'crictl pods -o json', `${SOCKET}: not \x1b[2Jfor you`),
});

it('names the socket that answered and how much it lists, or why it did not', () => {
  expect([answers, silent].flatMap(runtimeReports)).toMatchObject([
    { target: 'node', socket: SOCKET, sandboxes: 2 },
    { target: 'node', socket: '', sandboxes: null, unknown: { reason: 'denied' } },
  ]);
});

it('has nothing of a node that gave no answer at all', () => {
  const capture = { ...EMPTY, unreachable: { reason: 'failed', detail: 'no route' } } as const;
  expect(runtimeReports({ ...answers, capture })).toEqual([]);
});

it.each([
  ['en', `Runtime asked: ${SOCKET}, 2 sandboxes`, 'The runtime could not be asked: '],
  ['zh-CN', `已查询运行时：${SOCKET}，2 个沙箱`, '无法查询运行时：'],
] as const)('is a line of the text in %s', (lang, told, untold) => {
  const text = (one: JudgedLeases) => {
    const networks = networkReports({ seen: one, history: [], lang });
    const options = { lang, color: false, width: 120, verbose: false, quiet: false };
    return leasesText(networks, options, runtimeReports(one)).split('\n');
  };
  expect(text(answers)).toContain(told);
  const line = text(silent).find((one) => one.startsWith(untold));
  expect(line).toContain(SOCKET);
  expect(line).not.toContain('\x1b');
});
