import { describe, expect, it } from 'vitest';
import {
  absent,
  ago,
  answered,
  asNode,
  denied,
  endpointsWith,
  findingsOf,
  healthy,
  notCollected,
  part,
  unanswered,
  wrongWith,
} from '../../../test/cluster.ts';
import { known } from '../../hosts/reading.ts';
import { judgeCluster } from '../judge.ts';

const ID = 'rancher-unready';
const none = known({ ready: [], notReady: ['10.52.0.7'] }, 'endpoints');
const says = (...outcome: Parameters<typeof answered>) => healthy({ harvester: known(answered(...outcome), 'curl') });

describe(ID, () => {
  it.each([
    ['answers with an error', answered(503), /HTTP 503/],
    ['is refused', unanswered('refused'), /refused/],
    ['is silent', unanswered('silent'), /silent/],
  ] as const)("is found where Harvester's end point %s", (_name, outcome, cause) => {
    const snapshot = healthy({ harvester: known(outcome, 'curl') });
    const [found] = findingsOf(ID, snapshot);
    expect(found).toMatchObject({ status: 'problem', severity: 'critical', subject: 'harvester' });
    expect(found?.cause).toMatch(cause);
    expect(wrongWith(snapshot)).toEqual([ID]);
  });

  it('is found where no Pod of Rancher is Ready', () => {
    const snapshot = healthy({ endpoints: endpointsWith('rancher', none) });
    expect(findingsOf(ID, snapshot)).toContainEqual(
      expect.objectContaining({ subject: 'cattle-system/rancher', severity: 'critical' }),
    );
    expect(wrongWith(snapshot)).toEqual([ID]);
  });

  it('tells what holds a rollout up, which decides nothing: who serves, serves', () => {
    const waiting = [
      { name: 'harvester-1', node: 'node-2', reason: 'CrashLoopBackOff', message: '', since: ago(500) },
      { name: 'harvester-2', node: 'node-3', reason: 'ImagePullBackOff', message: 'no space left', since: ago(900) },
    ];
    const snapshot = healthy({ parts: known([part('harvester', { ready: 1, waiting })], 'deployments') });
    const found = findingsOf(ID, snapshot).find(({ status }) => status === 'problem');
    expect(found).toMatchObject({
      severity: 'warning',
      subject: 'Deployment harvester-system/harvester',
      title: 'Deployment harvester-system/harvester: 2 of 3 not ready',
      since: ago(900),
    });
    expect(found?.cause).toContain('harvester-2 on node-3 waits: ImagePullBackOff (no space left)');
  });

  it('waits longer for an image than for a Pod that starts', () => {
    const phase = (reason: string, seconds: number) => {
      const waiting = [{ name: 'harvester-1', node: 'node-2', reason, message: '', since: ago(seconds) }];
      const parts = known([part('harvester', { ready: 2, waiting })], 'deployments');
      return judgeCluster(healthy({ parts }), { lang: 'en' }).findings.find(({ phase }) => phase)?.phase;
    };
    expect([phase('ContainerCreating', 1199), phase('ImagePullBackOff', 1201)]).toEqual(['settling', 'definite']);
    expect([phase('CrashLoopBackOff', 599), phase('CrashLoopBackOff', 601)]).toEqual(['settling', 'definite']);
  });

  it('tells a ManagedChart that is not ready', () => {
    const charts = known([{ name: 'harvester', ready: false, message: 'NotReady(1)', since: ago(7200) }], 'charts');
    expect(findingsOf(ID, healthy({ managedCharts: charts })).at(-1)).toMatchObject({
      severity: 'warning',
      subject: 'ManagedChart harvester',
      cause: 'Fleet says: NotReady(1).',
    });
  });

  it('is found of a node’s own Pod, where the node may read no rollouts; not twice where it may', () => {
    const waiting = {
      name: 'kube-vip-x2x4z',
      node: 'node-1',
      reason: 'CrashLoopBackOff',
      message: 'back-off 5m0s',
      since: ago(900),
    };
    const pod = { namespace: 'harvester-system', name: 'kube-vip-x2x4z', part: 'kube-vip', restarts: 40, waiting };
    const ownPods = known([pod], 'kubectl get pods');
    const seen = { ...asNode(healthy()), ownPods };
    expect(findingsOf(ID, seen)).toContainEqual(
      expect.objectContaining({
        status: 'problem',
        severity: 'warning',
        subject: 'Pod harvester-system/kube-vip-x2x4z',
        cause: 'kube-vip-x2x4z on node-1 waits: CrashLoopBackOff (back-off 5m0s).',
      }),
    );
    expect(wrongWith(seen)).toEqual([ID]);
    // A Pod that starts is waited for.
    const young = { ...pod, waiting: { ...waiting, reason: 'ContainerCreating', since: ago(9) } };
    expect(findingsOf(ID, { ...seen, ownPods: known([young], 'pods') }, 600)).toContainEqual(
      expect.objectContaining({ subject: 'Pod harvester-system/kube-vip-x2x4z', phase: 'settling' }),
    );
    expect(wrongWith(healthy({ ownPods }))).toEqual([]);
  });

  it('is clear where all answer and are rolled out', () => {
    expect(findingsOf(ID, healthy()).every(({ status }) => status === 'ok')).toBe(true);
    expect(findingsOf(ID, says(302))[0]).toMatchObject({ status: 'ok' });
  });

  it('is unknown where it cannot be seen: refused, too busy, or through a router', () => {
    const unknown = { status: 'unknown', severity: 'critical' };
    expect(findingsOf(ID, healthy({ harvester: denied }))[0]).toMatchObject(unknown);
    expect(findingsOf(ID, says(429))[0]).toMatchObject(unknown);
    const far = healthy({ vantage: 'routed', harvester: known(unanswered('unreachable'), 'curl') });
    expect(findingsOf(ID, far)[0]).toMatchObject(unknown);
    expect(findingsOf(ID, healthy({ parts: denied }))).toContainEqual(
      expect.objectContaining({ status: 'unknown', severity: 'info' }),
    );
  });

  it('is of no matter where neither is installed', () => {
    const bare = healthy({ harvester: notCollected, endpoints: [], parts: absent, managedCharts: absent });
    expect(findingsOf(ID, bare)).toMatchObject([{ status: 'not-applicable' }]);
    const missing = healthy().endpoints.map((one) => ({ ...one, addresses: absent }));
    expect(findingsOf(ID, { ...bare, endpoints: missing })).toMatchObject([{ status: 'not-applicable' }]);
  });
});
