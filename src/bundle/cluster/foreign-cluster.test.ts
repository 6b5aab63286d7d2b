import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tarBytes, zipBytes } from '../../../test/make-archives.ts';
import { bundleCluster } from '../read-bundle.ts';
import { objectsOf, printedLists } from './object-lists.ts';
import { listPlaceOf, logPlaceOf } from './places.ts';
import type { ClusterObjects } from './record.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hayward-cluster-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function saved(name: string, bytes: Buffer | string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

async function objectsIn(path: string): Promise<ClusterObjects> {
  const record = await bundleCluster(path);
  if (record.kind !== 'objects') throw new TypeError('a foreign bundle holds objects');
  return record;
}

const placed = (member: string): string => {
  const place = listPlaceOf(member);
  return place ? `${place.namespace}/${place.resource.plural}.${place.resource.group}` : 'nothing';
};

it.each([
  ['top/yamls/cluster/v1/nodes.yaml', '/nodes.'],
  ['top/yamls/cluster/kubernetes/nodes.yaml', '/nodes.'],
  ['top/yamls/cluster/metrics.k8s.io/v1beta1/nodes.yaml', 'nothing'],
  ['top/yamls/cluster/harvesterhci.io/v1beta1/settings.yaml', '/settings.harvesterhci.io'],
  ['top/yamls/cluster/harvester/settings.yaml', '/settings.harvesterhci.io'],
  ['top/yamls/cluster/management.cattle.io/v3/settings.yaml', 'nothing'],
  ['top/yamls/namespaced/kube-system/v1/pods.yaml', 'kube-system/pods.'],
  ['top/yamls/namespaced/kube-system/kubernetes/deployments.yaml', 'kube-system/deployments.apps'],
  ['top/yamls/namespaced/kube-system/metrics.k8s.io/v1beta1/pods.yaml', 'nothing'],
  ['top/yamls/namespaced/longhorn-system/v1/services.yaml', 'longhorn-system/services.'],
  ['top/yamls/namespaced/longhorn-system/v1/pods.yaml', 'nothing'],
  ['top/yamls/namespaced/fleet-local/v1/secrets.yaml', 'nothing'],
  ['nodes.json', '/nodes.'],
  ['dump/nodes.yaml', '/nodes.'],
  ['kube-system/pods.json', 'kube-system/pods.'],
  ['dump/kube-system/daemonsets.json', 'kube-system/daemonsets.apps'],
  [
    's/sos_commands/kubernetes/cluster-info/kubectl_--kubeconfig_.etc.kubernetes.admin.conf_get_-o_json_nodes',
    '/nodes.',
  ],
  [
    's/sos_commands/kubernetes/cluster-info/kube-system/kubectl_get_-o_json_--namespace_kube-system_pods',
    'kube-system/pods.',
  ],
])('%s is where %s are', (member, place) => expect(placed(member)).toBe(place));

it('of logs the registration agent’s alone are read', () => {
  expect(logPlaceOf('t/logs/cattle-system/cattle-cluster-agent-5d-x/cluster-register.log')).toBe(
    'cattle-system/cattle-cluster-agent-5d-x',
  );
  expect(logPlaceOf('t/logs/cattle-system/rancher-5d-x/rancher.log')).toBeUndefined();
});

describe('a list in YAML', () => {
  const SCALARS = 'a: |\n    - metadata: {}\n    items:\n    - x\n  b: "one\n    - two"\n';

  it.each([
    ['as Go writes it', `apiVersion: v1\nitems:\n- metadata:\n    name: a\n- metadata:\n    name: b\nkind: List\n`],
    ['as others do', `kind: List\nitems:\n  - metadata:\n      name: a\n  - metadata:\n      name: b\nmetadata: {}\n`],
    ['in flow', `kind: List\nitems: [{metadata: {name: a}}, {metadata: {name: b}}]\n`],
  ])('%s is its objects', (_, text) => {
    expect(objectsOf('x.yaml', text)).toEqual([{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }]);
  });

  it('is not cut within texts, and loses what nobody reads', () => {
    const fields = 'metadata:\n    managedFields:\n    - apiVersion: v1\n      f: {}\n    name: a\n';
    const text = `items:\n- ${SCALARS}  ${fields}- volumes:\n  - x\n  c: 1\n`;
    expect(objectsOf('x.yaml', text)).toEqual([
      { a: '- metadata: {}\nitems:\n- x\n', b: 'one - two', metadata: { name: 'a' } },
      { volumes: null, c: 1 },
    ]);
  });

  it.each([
    ['nothing', ''],
    ['a text', 'hello'],
    ['another document', 'kind: Pod\n'],
    ['no YAML', 'items:\n- a: [\n'],
    ['nested without end', `items:\n- ${'['.repeat(100_000)}`],
    ['nested JSON', `{"items":${'['.repeat(200_000)}`],
    [
      'aliases that multiply',
      `items:\n- a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'.replace(
        /./g,
        (k) =>
          `  ${k}: &${k} [${Array(9)
            .fill(`*${k === 'b' ? 'a' : String.fromCharCode(k.charCodeAt(0) - 1)}`)
            .join(',')}]\n`,
      )}`,
    ],
    ['an object no API server stores', `items:\n- a: ${'x'.repeat(3 << 20)}\n`],
  ])('that is %s is a failure in one line', (_, text) => {
    expect(objectsOf('x.yaml', text)).toMatchObject({
      state: 'failed',
      detail: expect.stringMatching(/^x\.yaml: .+$/),
    });
  });
});

describe('a support bundle', () => {
  const meta = 'projectName: Harvester\nkubernetesVersion: v1.33.4+rke2r1\nbundleCreatedAt: "2026-01-02T03:04:05Z"\n';

  it.each([meta, meta.toLowerCase().replace('t03', 'T03').replace('05z', '05Z')])(
    'tells its time as %j',
    async (body) => {
      const nodes = { name: 't/yamls/cluster/v1/nodes.yaml', body: 'items: []\n' };
      const record = await objectsIn(saved('meta.zip', zipBytes({ name: 't/metadata.yaml', body }, nodes)));
      expect(record).toMatchObject({ takenAt: '2026-01-02T03:04:05.000Z', version: 'v1.33.4+rke2r1' });
    },
  );

  it('tells its time, its version and which namespaces there are; what is too large is not read', async () => {
    const path = saved(
      'sb.zip',
      zipBytes(
        { name: 't/metadata.yaml', body: meta },
        { name: 't/yamls/cluster/v1/namespaces.yaml', body: 'items:\n- metadata:\n    name: kube-system\n' },
        { name: 't/yamls/cluster/v1/nodes.yaml', body: 'items:\n- metadata:\n    name: "a\\e[2J"\n' },
        { name: 't/yamls/namespaced/kube-system/v1/pods.yaml', body: `items:\n${'- a: b\n'.repeat(1_300_000)}` },
        { name: 't/yamls/namespaced/kube-system/v1/services.yaml', body: '\x1b]0;evil' },
      ),
    );
    const record = await objectsIn(path);
    expect(record).toMatchObject({ takenAt: '2026-01-02T03:04:05.000Z', version: 'v1.33.4+rke2r1', name: 'sb.zip' });
    expect([...(record.namespaces ?? [])]).toEqual(['kube-system']);
    expect(record.lists.get('kube-system/pods.')).toMatchObject({
      detail: expect.stringContaining('larger than 8 MiB'),
    });
    expect(JSON.stringify(record.lists.get('kube-system/services.'))).not.toMatch(/[\x1b\x07]/);
  });

  it('says null for what is empty, which it is again', async () => {
    const vip = 'items:\n- data:\n    hwAddress: "null"\n    ip: "null"\n    mode: dhcp\n  metadata:\n    name: vip\n';
    const name = 't/yamls/namespaced/harvester-system/v1/configmaps.yaml';
    const record = await objectsIn(saved('nulls.zip', zipBytes({ name, body: vip })));
    expect(record.lists.get('harvester-system/configmaps.')).toEqual([
      { data: { hwAddress: '', ip: '', mode: 'dhcp' }, metadata: { name: 'vip' } },
    ]);
  });

  it('is refused where a name leads out', async () => {
    const path = saved('evil.zip', zipBytes({ name: '../yamls/cluster/v1/nodes.yaml', body: 'items: []' }));
    await expect(bundleCluster(path)).rejects.toThrow(/outside its folder/);
  });
});

describe('a cluster-info dump', () => {
  const node = (heartbeat: string) => ({
    metadata: { name: 'a' },
    status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: heartbeat }] },
  });

  it('in a folder is of the time a kubelet last wrote, and follows no link', async () => {
    const items = [node('2026-01-01T01:00:00Z'), node('2999-01-01T00:00:00Z'), node('nonsense')];
    saved('dump/nodes.json', JSON.stringify({ items }));
    saved('dump/kube-public/events.json', '{"items":[]}');
    saved('dump/kube-system/events.json', '{"items":[]}');
    symlinkSync('/etc', join(folder, 'dump/default'));
    const record = await objectsIn(join(folder, 'dump'));
    expect(record.takenAt).toBe('2026-01-01T01:00:00.000Z');
    expect([...(record.namespaces ?? [])].sort()).toEqual(['kube-public', 'kube-system']);
  });

  it('as a text is believed up to the first log', () => {
    const list = (kind: string, name: string) =>
      JSON.stringify({ kind: `${kind}List`, items: [{ metadata: { name, namespace: 'default' } }] }, undefined, 4);
    const log = `==== START logs for container x of pod default/a ====\n==== END logs for container x of pod default/a ====\n`;
    const text = `${list('Node', 'a')}\n${list('Pod', 'b')}\n${log}${list('Node', 'forged')}\n`;
    expect(printedLists(text).map(({ kind }) => kind)).toEqual(['Node', 'Pod']);
    expect(JSON.stringify(printedLists(text))).not.toContain('forged');
  });
});

it('an sosreport with the plugin kubernetes tells of the nodes', async () => {
  const name = 's/sos_commands/kubernetes/cluster-info/kubectl_get_-o_json_nodes';
  const body = JSON.stringify({ kind: 'List', items: [{ metadata: { name: 'a' } }] });
  const record = await objectsIn(saved('sos-nodes.tar', tarBytes({ name, body })));
  expect(record.lists.get('/nodes.')).toEqual([{ metadata: { name: 'a' } }]);
});

it('an sosreport without a cluster holds nothing of one, and says how to get it', async () => {
  const path = saved('sos.tar', tarBytes({ name: 's/sos_commands/kernel/lsmod', body: 'Module Size Used by\n' }));
  const record = await objectsIn(path);
  expect([record.lists.size, record.hint]).toEqual([0, expect.stringContaining('hayward capture --cluster')]);
});
