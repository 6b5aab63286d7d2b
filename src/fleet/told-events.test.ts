import { expect, it } from 'vitest';
import type { Condition } from './cluster-report.ts';
import type { NodeCondition } from './node-condition.ts';
import { changedConditions, clusterEvent, fullBudget, nodeEvent, spent } from './told-events.ts';

const on = (status: NodeCondition['status'], reason: string): NodeCondition => ({
  type: 'HaywardNetworkProblem',
  status,
  reason,
  message: 'words',
  lastTransitionTime: '2026-01-01T00:00:00Z',
});
const clusterEvents = (before: Condition[], after: Condition[]) => changedConditions(before, after).map(clusterEvent);
const condition = (status: Condition['status'], reason = 'R', message = 'm'): Condition => ({
  type: 'NodesHealthy',
  status,
  reason,
  message,
  observedGeneration: 1,
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

it('tells of a node what changed: a problem, that it is over, and nothing of one that was always well', () => {
  expect(nodeEvent('n', undefined, on('False', 'NoNetworkProblem'))).toBeUndefined();
  expect(nodeEvent('n', undefined, on('True', 'IpForward'))).toMatchObject({ type: 'Warning', reason: 'IpForward' });
  expect(nodeEvent('n', on('True', 'IpForward'), on('True', 'IpForward'))).toBeUndefined();
  expect(nodeEvent('n', on('True', 'IpForward'), on('True', 'RpFilter'))).toMatchObject({ reason: 'RpFilter' });
  expect(nodeEvent('n', on('True', 'IpForward'), on('False', 'NoNetworkProblem'))).toMatchObject({ type: 'Normal' });
});

it('tells of the cluster what changed, once for a status and a reason', () => {
  expect(clusterEvents([], [condition('True')])).toEqual([]);
  expect(clusterEvents([condition('True')], [condition('False', 'IpForward', 'x'.repeat(2_000))])).toMatchObject([
    {
      type: 'Warning',
      reason: 'NodesHealthyIpForward',
      note: expect.stringMatching(/^NodesHealthy is False: .{1000,}…$/),
    },
  ]);
  expect(clusterEvents([condition('False')], [condition('False', 'R', 'more nodes')])).toEqual([]);
});

it('has a budget that is used up, and fills as time goes by', () => {
  let budget = fullBudget(0);
  let told = 0;
  for (let next = spent(budget, 0); next; next = spent(budget, 0)) {
    budget = next;
    told++;
  }
  expect(told).toBe(25);
  expect(spent(budget, 9_999)).toBeUndefined();
  const later = spent(budget, 10_000);
  expect(later).toBeDefined();
  expect(spent(later!, 10_001)).toBeUndefined();
});
