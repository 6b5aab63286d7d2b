import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../lab/free-port.ts';
import { apiServer, type LabApiServer } from '../../lab/kube/api-server.ts';
import { loopbackAddress, type ManagementSite, managementSite } from '../../lab/kube/management-site.ts';
import { applyManifest, manifestObjects } from '../../lab/kube/manifests.ts';
import { type SmallCluster, smallCluster } from '../../lab/kube/small-cluster.ts';
import { defineAttachments } from '../../lab/kube/vm-networks.ts';
import type { KubeConnection } from '../cluster/client/connection.ts';
import { inform } from '../cluster/client/informer.ts';
import type { ListedObject } from '../cluster/client/list.ts';
import { connectionFor } from '../cluster/client/testing/connection.ts';
import { eventually } from '../cluster/client/testing/eventually.ts';
import { CLUSTER_REPORTS, type ClusterReport } from '../fleet/cluster-report.ts';
import { heartbeatBody, heartbeatPath } from '../fleet/heartbeat.ts';
import { NODE_REPORTS, type NodeJudgement, nodeReportBody, reportOf } from '../fleet/node-report.ts';
import { isObject } from '../plain-object.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const DEPLOY = fileURLToPath(new URL('../../deploy/', import.meta.url));
const EVENTS = '/apis/events.k8s.io/v1/namespaces/default/events';
/** Of whoever plays the nodes. */
const SETUP = { manager: 'lab', force: true } as const;
const OFF = {
  problem: 'ip-forward',
  subject: '',
  status: 'problem',
  severity: 'critical',
  title: 'Forwarding is off',
  cause: 'net.ipv4.ip_forward is 0',
} as const;

let server: LabApiServer;
let admin: KubeConnection;
let cluster: SmallCluster;
let site: ManagementSite;
const stop = new AbortController();
const running: ChildProcess[] = [];
const uids = new Map<string, string>();
/** All that was ever seen of each condition's status, in its order: `True`, `False`, … */
const history = new Map<string, string[]>();
const watches: Promise<unknown>[] = [];

beforeAll(async () => {
  server = await apiServer();
  admin = await connectionFor(server.admin.kubeconfig);
  const address = loopbackAddress();
  cluster = await smallCluster(server, address);
  site = await managementSite(server, address);
  for (const file of ['networks/crds.yaml', 'controller/crds.yaml']) await applyManifest(admin, `${DEPLOY}${file}`);
  await defineAttachments(admin);
  await cluster.put('/api/v1/namespaces/hayward', { metadata: { name: 'hayward' } });
  for (const name of cluster.nodes) {
    const node = await object(`/api/v1/nodes/${name}`);
    uids.set(name, (node['metadata'] as { uid: string }).uid);
  }
  record(CLUSTER_REPORTS.path, (report) => conditionsIn(report));
  record('/api/v1/nodes', (node) =>
    conditionsIn(node)
      .filter(({ type }) => type === 'HaywardNetworkProblem')
      .map((one) => ({ ...one, type: (node['metadata'] as { name: string }).name })),
  );
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  stop.abort();
  await Promise.all(watches);
  admin?.close();
  await site?.stop();
  await server?.dispose();
});

async function object(path: string): Promise<ListedObject> {
  const read = await admin.json(path);
  if (!read.known || !isObject(read.value)) throw new Error(`${path}: ${read.known ? 'no object' : read.detail}`);
  return read.value;
}

interface SeenCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly lastTransitionTime: string;
}

function conditionsIn(from: ListedObject): readonly SeenCondition[] {
  const { status } = from as { status?: { conditions?: readonly SeenCondition[] } };
  return status?.conditions ?? [];
}

/** Writes down each status a condition ever has, as often as it changes or is said to have changed. */
function record(path: string, read: (from: ListedObject) => readonly SeenCondition[]): void {
  const last = new Map<string, string>();
  const { ended } = inform({
    client: admin,
    path,
    signal: stop.signal,
    read,
    onChange(event) {
      for (const { type, status, lastTransitionTime } of event.kind === 'set' ? event.value : []) {
        const now = `${status} ${lastTransitionTime}`;
        if (last.get(type) === now) continue;
        last.set(type, now);
        history.set(type, [...(history.get(type) ?? []), status]);
      }
    },
  });
  watches.push(ended);
}

/** What a node's guard writes when it has judged. */
async function report(node: string, findings: NodeJudgement['findings'] = []): Promise<void> {
  const judgement: NodeJudgement = {
    node,
    version: '0.1.0',
    takenAt: new Date().toISOString(),
    profile: 'harvester',
    launch: 'launched',
    facts: { kernel: '6.4.0' },
    settings: { 'net.ipv4.ip_forward': findings.length > 0 ? '0' : '1' },
    unseen: {},
    findings,
    guard: { enforce: 'kernel', keys: 1, held: 1, contested: 0, conflicts: 0, paused: false },
  };
  await must(
    admin.apply(`${NODE_REPORTS.path}/${node}`, nodeReportBody(reportOf(judgement), uids.get(node) ?? ''), SETUP),
  );
}

/** What a node's guard does each minute. One that lasts for seconds alone is soon silent. */
async function beat(node: string, leaseDurationSeconds = 180): Promise<void> {
  const body = heartbeatBody(node, uids.get(node) ?? '', new Date());
  const spec = { ...(body['spec'] as object), leaseDurationSeconds };
  await must(admin.apply(heartbeatPath(node), { ...body, spec }, SETUP));
}

async function must(writing: ReturnType<KubeConnection['apply']>): Promise<void> {
  const written = await writing;
  if (written.kind !== 'done') throw new Error(`${written.kind}: ${written.detail}`);
}

interface Controller {
  readonly child: ChildProcess;
  readonly lines: { readonly type: string; readonly [field: string]: unknown }[];
  readonly ended: Promise<number | null>;
  metric(name: string): Promise<number | undefined>;
}

async function controller(name: string, ...more: readonly string[]): Promise<Controller> {
  const port = await freePort();
  const options = ['--name', name, '--status-every', '5s', '--listen', `127.0.0.1:${port}`];
  const argv = [CLI, 'controller', ...options, '--kubeconfig', server.admin.kubeconfig, ...more];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  running.push(child);
  const lines: Controller['lines'] = [];
  let rest = '';
  child.stderr.on('data', (chunk: Buffer) => {
    const all = (rest + chunk.toString('utf8')).split('\n');
    rest = all.pop() ?? '';
    for (const line of all) lines.push(JSON.parse(line) as Controller['lines'][number]);
  });
  return {
    child,
    lines,
    ended: once(child, 'close').then(([code]) => code as number | null),
    async metric(wanted) {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      const line = text.split('\n').find((one) => one.startsWith(`${wanted} `));
      return line === undefined ? undefined : Number(line.split(' ').at(-1));
    },
  };
}

async function told(): Promise<ClusterReport> {
  return (await object(`${CLUSTER_REPORTS.path}/cluster`))['status'] as ClusterReport;
}

async function conditions(): Promise<Record<string, string>> {
  const read = await admin.json(`${CLUSTER_REPORTS.path}/cluster`);
  const all = read.known && isObject(read.value) ? conditionsIn(read.value) : [];
  return Object.fromEntries(all.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
}

async function nodeCondition(node: string): Promise<SeenCondition | undefined> {
  const all = conditionsIn(await object(`/api/v1/nodes/${node}`));
  return all.find(({ type }) => type === 'HaywardNetworkProblem');
}

async function eventsOf(kind: string, name: string) {
  const { items } = (await object(EVENTS)) as unknown as {
    items: { type: string; reason: string; note: string; regarding: { kind: string; name: string } }[];
  };
  const own = items.filter(({ regarding }) => regarding.kind === kind && regarding.name === name);
  return own.map(({ type, reason, note }) => `${type} ${reason}: ${note}`);
}

const ready = (one: Controller, type: string) => eventually(() => one.lines.map((line) => line.type)).toContain(type);

it('tells what nodes say, goes on under another leader without a false word, and takes back what it wrote', async () => {
  for (const node of cluster.nodes) {
    await report(node);
    await beat(node);
  }
  const first = await controller('first');
  await eventually(conditions).toEqual({
    Ready: 'True Ready',
    AgentsReporting: 'True AllReport',
    NodesHealthy: 'True AllHealthy',
    NodesAlike: 'True Alike',
  });
  await eventually(() => nodeCondition('node-2')).toMatchObject({ status: 'False', reason: 'NoNetworkProblem' });
  expect(await eventsOf('Node', 'node-2')).toEqual([]);

  await report('node-2', [OFF]);
  await eventually(conditions).toMatchObject({
    NodesHealthy: 'False IpForward',
    NodesAlike: 'False OddOneOut',
    AgentsReporting: 'True AllReport',
  });
  await eventually(() => nodeCondition('node-2')).toMatchObject({ status: 'True', reason: 'IpForward' });
  await eventually(() => eventsOf('Node', 'node-2')).toEqual(['Warning IpForward: Forwarding is off']);
  await eventually(() => eventsOf('ClusterReport', 'cluster')).toHaveLength(2);
  expect(await told()).toMatchObject({
    healthyNodes: '2/3',
    problems: [{ problem: 'ip-forward', count: 1, nodes: ['node-2'] }],
    differences: [{ subject: 'net.ipv4.ip_forward', common: '1', others: [{ value: '0', nodes: ['node-2'] }] }],
  });

  await beat('node-3', 1);
  await eventually(() => nodeCondition('node-3')).toMatchObject({ status: 'Unknown', reason: 'AgentSilent' });
  await eventually(conditions).toMatchObject({
    AgentsReporting: 'False AgentsSilent',
    NodesHealthy: 'False IpForward',
  });
  await eventually(() => eventsOf('Node', 'node-3')).toHaveLength(1);

  // Two of two differ now: nobody is the odd one.
  await eventually(conditions).toMatchObject({ NodesAlike: 'False NodesDiffer' });
  await eventually(() => eventsOf('ClusterReport', 'cluster')).toHaveLength(4);
  const before = await told();
  const seen = structuredClone(Object.fromEntries(history));
  const second = await controller('second');
  await ready(second, 'waiting');
  first.child.kill('SIGKILL');
  await first.ended;
  await expired('hayward-run-old', '2026-01-01T00:00:00Z');
  await expired('hayward-run-new', '2999-01-01T00:00:00Z');
  await ready(second, 'judging');
  // It has judged with all that it can know: with a look of its own, too.
  await cluster.renew();
  await eventually(() => second.metric('hayward_cluster_status_age_seconds')).toBeGreaterThanOrEqual(0);
  await eventually(() => second.metric('hayward_cluster_writes_total{write="report",outcome="done"}')).toBe(1);
  expect(await told()).toEqual(before);
  expect(Object.fromEntries(history)).toEqual(seen);
  expect(await eventsOf('ClusterReport', 'cluster')).toHaveLength(4);
  expect(await eventsOf('Node', 'node-3')).toHaveLength(1);
  await eventually(() => deleted('hayward-run-old')).toBe(true);
  expect(await deleted('hayward-run-new')).toBe(false);

  await report('node-2');
  await beat('node-3');
  await eventually(conditions).toMatchObject({ NodesHealthy: 'True AllHealthy', AgentsReporting: 'True AllReport' });
  await eventually(() => nodeCondition('node-3')).toMatchObject({ status: 'False' });
  await eventually(() => eventsOf('Node', 'node-2')).toHaveLength(2);
  expect(await second.metric('hayward_cluster_nodes{state="healthy"}')).toBe(3);
  expect(await second.metric('hayward_cluster_leading')).toBe(1);
  await eventually(() => Object.fromEntries(history)).toEqual({
    Ready: ['True'],
    AgentsReporting: ['True', 'False', 'True'],
    NodesHealthy: ['True', 'False', 'True'],
    NodesAlike: ['True', 'False', 'True'],
    'node-1': ['False'],
    'node-2': ['False', 'True', 'False'],
    'node-3': ['False', 'Unknown', 'False'],
  });

  second.child.kill('SIGTERM');
  expect(await second.ended).toBe(0);
  expect(second.lines.filter(({ type }) => type === 'refused')).toEqual([]);
  await controller('third', '--node-conditions', 'off');
  for (const node of cluster.nodes) await eventually(() => nodeCondition(node)).toBeUndefined();
  expect(conditionsIn(await object('/api/v1/nodes/node-1')).map(({ type }) => type)).toContain('Ready');
});

it('is deployed by a manifest the API server takes, and whose words it understands', async () => {
  await applyManifest(admin, `${DEPLOY}controller/controller.yaml`);
  const [deployment] = await manifestObjects(`${DEPLOY}controller/controller.yaml`);
  const { spec } = deployment as unknown as { spec: { template: { spec: { containers: { args: string[] }[] } } } };
  const args = spec.template.spec.containers[0]?.args ?? [];
  // As the kubelet fills in what the field references tell.
  const filled = args.map((arg) => arg.replace(/\$\([A-Z_]+\)/g, 'filled-in'));
  expect(filled[0]).toBe('controller');
  const { stderr } = await promisify(execFile)(process.execPath, [CLI, ...filled, '--help']);
  expect(stderr).toBe('');
});

async function expired(name: string, expires: string): Promise<void> {
  const labels = { 'app.kubernetes.io/managed-by': 'hayward', 'hayward.internal/dataplane': 'run' };
  const annotations = { 'hayward.internal/expires': expires };
  await cluster.put(`/api/v1/namespaces/${name}`, { metadata: { name, labels, annotations } });
}

/** There is no controller that empties it, so it stays; but it is deleted. */
async function deleted(name: string): Promise<boolean> {
  const { metadata } = (await object(`/api/v1/namespaces/${name}`)) as { metadata: { deletionTimestamp?: string } };
  return metadata.deletionTimestamp !== undefined;
}
