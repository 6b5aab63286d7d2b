import { expect, it } from 'vitest';
import { apiServerLook, denied, healthy, node, unanswered, unreadyNode } from '../../test/cluster.ts';
import { judgeCluster } from '../cluster/judge.ts';
import type { ClusterSnapshot } from '../cluster/model.ts';
import { known } from '../hosts/reading.ts';
import { type ExitOptions, statusExit } from './status-report.ts';

const down = healthy({ apiServers: [apiServerLook({ readyz: known(unanswered('refused'), 'readyz') })] });
const oneNodeLost = healthy({ nodes: known([node('node-1'), unreadyNode('node-2', 9000)], 'nodes') });
const blind = healthy({ apiServers: [apiServerLook({ readyz: denied })] });

/** The exit status of a first look, past every deadline where it is said. */
function exitOf(
  snapshot: ClusterSnapshot,
  { past = false, ...options }: Partial<ExitOptions> & { past?: boolean } = {},
) {
  const { only } = options;
  const judged = judgeCluster(snapshot, { lang: 'en', ...(past && { deadlineSeconds: 0 }), ...(only && { only }) });
  return statusExit(judged, { failOn: 'warning', ...options });
}

it.each([
  ['ready', healthy(), 0],
  ['ready, with a warning', oneNodeLost, 1],
  ['settling', down, 3],
  ['settling beside a warning', { ...oneNodeLost, apiServers: down.apiServers }, 3],
  ['not known', blind, 3],
  ['not known beside a warning', { ...oneNodeLost, apiServers: blind.apiServers }, 3],
] as const)('%s', (_, snapshot, status) => {
  expect(exitOf(snapshot)).toBe(status);
});

it('not ready is 1, whatever counts', () => {
  expect(exitOf(down, { past: true })).toBe(1);
  expect(exitOf(down, { past: true, failOn: 'critical' })).toBe(1);
});

it('--fail-on critical: a warning makes no 1, and what is open stays open', () => {
  expect(exitOf(oneNodeLost, { failOn: 'critical' })).toBe(0);
  expect(exitOf(blind, { failOn: 'critical' })).toBe(3);
});

it('--only: what was asked for is the answer', () => {
  expect(exitOf(down, { past: true, only: ['node-unready'] })).toBe(0);
  expect(exitOf(down, { past: true, only: ['apiserver-unready'] })).toBe(1);
  expect(exitOf(down, { only: ['apiserver-unready'] })).toBe(3);
  expect(exitOf(down, { past: true, only: ['cluster-ready'] })).toBe(1);
  expect(exitOf(blind, { only: ['apiserver-unready'] })).toBe(3);
  expect(exitOf(oneNodeLost, { only: ['node-unready'] })).toBe(1);
  expect(exitOf(healthy(), { only: ['node-unready'] })).toBe(0);
});
