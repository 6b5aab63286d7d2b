import { describe, expect, it } from 'vitest';
import type { ClusterObjects } from '../../../bundle/cluster/record.ts';
import type { Capture, Entry } from '../../../hosts/capture.ts';
import { judgeCluster } from '../../judge.ts';
import { recordedCluster } from './collect-recorded.ts';

/** A capture that answers every question with the same. */
function answering(entry: Entry): Capture {
  const entries = new Proxy({} as Record<string, Entry>, { get: () => entry });
  const target = { name: 'default', via: 'kubernetes' as const };
  return { schema: 1, target, takenAt: '2026-01-02T03:04:05.000Z', entries, globs: {}, lists: {}, which: {} };
}

const ok = (text: string): Entry => ({ state: 'ok', text });
const list = (item: unknown): string => JSON.stringify({ kind: 'List', metadata: {}, items: [item] });
const NESTED = `${'{"spec":'.repeat(20_000)}1${'}'.repeat(20_000)}`;

describe('a captured cluster of a stranger', () => {
  it.each([
    ['nothing', ok('')],
    ['no JSON', ok('<html>')],
    ['a number', ok('1')],
    ['null', ok('null')],
    ['a list of no objects', ok(list(7))],
    ['objects without a shape', ok(list({ metadata: { name: 'x' }, status: [], spec: 'x' }))],
    ['objects nested without end', ok(`{"kind":"List","items":[{"metadata":{"name":"x"},"spec":${NESTED}}]}`)],
    ['an outcome of no kind', ok('{"kind":"exploded"}')],
    ['an outcome without a status', ok('{"kind":"answered"}')],
    ['a page that goes on for ever', ok('{"kind":"List","items":[],"metadata":{"continue":"x"}}')],
    ['a refusal of everything', { state: 'denied', detail: 'HTTP 403' } as const],
  ])('that answers %s is judged, and neither ready nor broken by it', async (_, entry) => {
    const snapshot = await recordedCluster({ kind: 'answers', capture: answering(entry) }, 'x.tgz');
    const { verdict, findings } = judgeCluster(snapshot, { lang: 'en', deadlineSeconds: 0, atOnce: true });
    expect(['unknown', 'not-ready']).toContain(verdict);
    expect(findings.some(({ cause }) => cause.includes('the check itself failed'))).toBe(false);
  });
});

describe('dumped objects', () => {
  const objects = (lists: ClusterObjects['lists'], more: Partial<ClusterObjects> = {}): ClusterObjects => ({
    kind: 'objects',
    name: 'dump',
    takenAt: '2026-01-02T03:04:05.000Z',
    lists,
    logs: new Map(),
    hint: 'not here; collect it with: hayward capture --cluster -o FILE',
    ...more,
  });
  const node = (name: string) => ({
    metadata: { name },
    status: {
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
      nodeInfo: { kubeletVersion: 'v1.33.4' },
    },
  });
  const lease = (name: string, renewTime: string) => ({ metadata: { name }, spec: { renewTime } });

  it('age by their own time, and accuse no clock', async () => {
    const leases = [lease('a', '2026-01-02T03:04:00.000000Z'), lease('b', '2026-01-02T03:09:00.000000Z')];
    const old = lease('c', '2026-01-02T03:00:00.000000Z');
    const lists = new Map([
      ['/nodes.', [node('a'), node('b'), node('c')]],
      ['kube-node-lease/leases.coordination.k8s.io', [...leases, old]],
    ]);
    const snapshot = await recordedCluster(objects(lists), 'x.zip');
    const { findings } = judgeCluster(snapshot, { lang: 'en' });
    const statusOf = (problem: string, subject: string) =>
      findings.find((one) => one.problem === problem && one.subject === subject)?.status;
    expect(['a', 'b', 'c'].map((name) => statusOf('node-unready', name))).toEqual(['ok', 'ok', 'problem']);
    expect(findings.filter((one) => one.problem === 'clock-skew' && one.status === 'problem')).toEqual([]);
  });

  it('of a namespace that does not exist are none, of one that was left out not known', async () => {
    const services = new Map([['kube-system/services.', []]]);
    const left = await recordedCluster(objects(services), 'x.zip');
    expect(left.services).toMatchObject({ known: false, reason: 'not-collected' });
    const gone = await recordedCluster(objects(services, { namespaces: new Set(['kube-system']) }), 'x.zip');
    expect(gone.services).toMatchObject({ known: true, value: [] });
    expect(gone.managementAddress.address).toMatchObject({ reason: 'absent' });
  });

  it('that could not be read are failed, with why', async () => {
    const failed = { state: 'failed', detail: 'nodes.yaml: not YAML' } as const;
    const { nodes } = await recordedCluster(objects(new Map([['/nodes.', failed]])), 'x.zip');
    expect(nodes).toMatchObject({ known: false, reason: 'failed', detail: 'nodes.yaml: not YAML' });
  });

  it('tell which node was left behind though no API server tells its version', async () => {
    const behind = { ...node('b'), status: { nodeInfo: { kubeletVersion: 'v1.32.1' } } };
    const snapshot = await recordedCluster(objects(new Map([['/nodes.', [node('a'), behind]]])), 'x.zip');
    const { findings } = judgeCluster(snapshot, { lang: 'en', deadlineSeconds: 0, only: ['version-skew'] });
    expect(findings).toMatchObject([
      { subject: 'b behind', status: 'problem' },
      { subject: '', status: 'unknown' },
    ]);
  });
});
