import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiServer, type LabApiServer } from '../../lab/kube/api-server.ts';
import { loopbackAddress, managementSite } from '../../lab/kube/management-site.ts';
import { type SmallCluster, smallCluster } from '../../lab/kube/small-cluster.ts';
import type { KubeObject } from '../../lab/kube/small-objects.ts';
import { clusterInfoDump, supportBundle } from '../../test/cluster-dumps.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

let server: LabApiServer;
let cluster: SmallCluster;
let folder: string;
const ending: (() => Promise<void>)[] = [];
beforeAll(async () => {
  server = await apiServer();
  ending.push(server.dispose);
  folder = dirname(server.admin.kubeconfig);
  const address = loopbackAddress();
  cluster = await smallCluster(server, address);
  const site = await managementSite(server, address);
  ending.push(site.stop);
  await mkdir(join(folder, 'node'));
});
afterAll(async () => {
  for (const step of ending.splice(0).reverse()) await step();
});

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function hayward(...argv: string[]): Promise<Ran> {
  const env = { ...process.env, LC_ALL: 'C', HAYWARD_STATE: '/dev/null' };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [CLI, ...argv], { env, maxBuffer: 64 << 20 }, (_, stdout, stderr) => {
      resolve({ status: child.exitCode, stdout, stderr });
    });
  });
}

interface Told {
  readonly problem: string;
  readonly subject: string;
  readonly status: string;
  readonly severity: string;
  readonly phase?: string;
  readonly title: string;
  readonly unknown?: { readonly reason: string; readonly detail: string };
}

interface Answer {
  readonly status: number | null;
  readonly verdict: string;
  readonly takenAt: string;
  readonly findings: readonly Told[];
}

async function statusOf(...args: string[]): Promise<Answer> {
  const { status, stdout, stderr } = await hayward('status', '--json', '--quiet', ...args);
  expect(stderr).toBe('');
  return { status, ...(JSON.parse(stdout) as Omit<Answer, 'status'>) };
}

type Maker = (kubeconfig: string) => Promise<string>;

let made = 0;
const BUNDLES: Readonly<Record<'support bundle' | 'dump' | 'capture', Maker>> = {
  async 'support bundle'() {
    const path = join(folder, `sb-${++made}.zip`);
    await writeFile(path, await supportBundle(server, new Date().toISOString()));
    return path;
  },
  async dump() {
    const path = join(folder, `dump-${++made}`);
    await clusterInfoDump(server, path);
    return path;
  },
  async capture(kubeconfig) {
    const path = join(folder, `capture-${++made}.tgz`);
    const ran = await hayward('capture', '-o', path, '--root', join(folder, 'node'), '--kubeconfig', kubeconfig);
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    return path;
  },
};

const keyOf = ({ problem, subject }: Told): string => `${problem} ${subject}`.trim();
/** What both say, and what the words rest on. */
const sayingOf = ({ status, severity, phase, title }: Told) => ({ status, severity, phase, title });
const isSeen = ({ status }: Told): boolean => status === 'ok' || status === 'problem';

/** What was judged of a bundle must be what a live look says of the same; and this must have been judged. */
function agrees(live: Answer, bundle: Answer, judged: readonly string[]): void {
  const byKey = new Map(live.findings.map((one) => [keyOf(one), one]));
  const seen = bundle.findings.filter((one) => isSeen(one) && one.problem !== 'cluster-ready');
  for (const one of seen) expect([keyOf(one), sayingOf(one)]).toEqual([keyOf(one), sayingOf(byKey.get(keyOf(one))!)]);
  expect(seen.map(keyOf)).toEqual(expect.arrayContaining([...judged]));
  const denied = new Set(live.findings.filter(({ unknown }) => unknown?.reason === 'denied').map(keyOf));
  for (const one of bundle.findings.filter(({ status }) => status === 'unknown')) {
    if (one.problem === 'cluster-ready' || denied.has(keyOf(one))) continue;
    expect(one.unknown).toMatchObject({ reason: 'not-collected', detail: expect.stringMatching(/hayward \w+/) });
  }
}

const NODES = ['node-unready node-1', 'node-unready node-2', 'node-unready node-3'];
const ROLLOUTS = [
  'rancher-unready Deployment harvester-system/harvester',
  'rancher-unready DaemonSet harvester-system/kube-vip',
  'rancher-unready DaemonSet kube-system/rke2-canal',
];
const SERVED = [
  'rancher-unready harvester-system/harvester',
  'rancher-unready cattle-system/rancher',
  'webhook-unready harvester-system/harvester-webhook',
];
const JUDGED = {
  'support bundle': [...NODES, ...ROLLOUTS, ...SERVED, 'rancher-unready ManagedChart harvester', 'version-skew'],
  dump: [...NODES, ...ROLLOUTS],
  capture: [...NODES, ...ROLLOUTS, ...SERVED, 'rancher-unready ManagedChart harvester', 'version-skew', 'clock-skew'],
} as const;
const KINDS = ['support bundle', 'dump', 'capture'] as const;

/** A node that went long ago, a rollout that waits, a Service with nobody behind it: all past any deadline. */
async function breakIt(): Promise<void> {
  await cluster.change('/api/v1/nodes/node-2', ({ status }) => {
    const ready = status.conditions.find(({ type }: { type: string }) => type === 'Ready');
    Object.assign(ready, { status: 'False', reason: 'KubeletNotReady', message: 'cni plugin not initialized' });
  });
  await cluster.change('/apis/apps/v1/namespaces/harvester-system/daemonsets/kube-vip', ({ status }) => {
    Object.assign(status, { numberReady: 2, numberAvailable: 2 });
  });
  await cluster.change('/api/v1/namespaces/harvester-system/pods/kube-vip-1', ({ status }) => {
    for (const one of status.conditions) if (one.type === 'Ready') one.status = 'False';
    const waiting = { reason: 'CrashLoopBackOff', message: 'back-off 5m0s' };
    Object.assign(status.containerStatuses[0], { ready: false, restartCount: 7, state: { waiting } });
  });
  await cluster.change('/api/v1/namespaces/cattle-system/endpoints/rancher', (object) => {
    const [subset] = object['subsets'];
    subset.notReadyAddresses = subset.addresses;
    delete subset.addresses;
  });
}

/** As people write them into what is applied. */
function plantSecrets(object: KubeObject): void {
  const env = [
    { name: 'CATTLE_SERVER', value: 'https://rancher.example' },
    { name: 'ANYTHING', value: 'planted-by-name' },
  ];
  object['spec'].template.spec.containers[0].env = env;
  object['spec'].template.spec.containers[0].args = ['--password=planted-in-argument'];
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{"x":"planted-applied"}' };
  Object.assign(object.metadata, { annotations });
}

describe('the same cluster, live and in a bundle', () => {
  it('is the same where it is well, and what only a live look sees is not collected', async () => {
    await cluster.renew();
    const live = await statusOf('--kubeconfig', server.admin.kubeconfig);
    expect(live).toMatchObject({ status: 0, verdict: 'ready' });
    for (const kind of KINDS) {
      const bundle = await statusOf('--bundle', await BUNDLES[kind](server.admin.kubeconfig));
      expect([kind, bundle.status, bundle.verdict]).toEqual([kind, 3, 'unknown']);
      agrees(live, bundle, JUDGED[kind]);
    }
  });

  it('is the same where it is not: nodes, rollouts, Services', async () => {
    const before = await BUNDLES['support bundle']('');
    await breakIt();
    await cluster.renew();
    const live = await statusOf('--kubeconfig', server.admin.kubeconfig, '--deadline', '0');
    expect(live).toMatchObject({ status: 1, verdict: 'not-ready' });
    const paths: string[] = [];
    for (const kind of KINDS) {
      const path = await BUNDLES[kind](server.admin.kubeconfig);
      paths.push(path);
      const bundle = await statusOf('--bundle', path, '--deadline', '0');
      agrees(live, bundle, JUDGED[kind]);
      const found = bundle.findings.filter(({ status }) => status === 'problem').map(keyOf);
      expect(found).toEqual(expect.arrayContaining(['node-unready node-2', ROLLOUTS[1]]));
      // Endpoints are in no cluster-info dump.
      const decides = kind !== 'dump';
      expect([kind, bundle.status, found.includes(SERVED[1] ?? '')]).toEqual([kind, decides ? 1 : 3, decides]);
    }
    const text = await hayward('status', '--bundle', paths[0]!, '--verbose', '--lang', 'zh-CN');
    expect(text.stdout).toContain('node-2 未就绪');
    expect(text.stdout).toContain('时的状况');
    const earlier = await statusOf('--bundle', before, '--deadline', '0');
    expect(earlier.findings.filter(({ status }) => status === 'problem')).toEqual([]);
  });
});

describe('a capture of a cluster', () => {
  it('holds no secret, and is judged at its own time', async () => {
    await cluster.change('/apis/apps/v1/namespaces/harvester-system/deployments/harvester', plantSecrets);
    const path = await BUNDLES.capture(server.admin.kubeconfig);
    const tar = gunzipSync(await readFile(path)).toString('utf8');
    expect(tar).toContain('rancher.example');
    expect(tar).not.toContain('planted');
    expect(tar).not.toContain('managedFields');
    const [first, second] = [await statusOf('--bundle', path), await statusOf('--bundle', path)];
    expect(first.takenAt).toBe(second.takenAt);
    expect(first.findings).toEqual(second.findings);
    // Its node is judged as ever, and the cluster is no node.
    const doctor = await hayward('doctor', '--bundle', path, '--json');
    expect((JSON.parse(doctor.stdout) as { targets: unknown[] }).targets).toHaveLength(1);
  });

  it('by a node’s own credentials says what the node is refused', async () => {
    const { kubeconfig } = await server.node('node-1');
    await cluster.renew();
    const live = await statusOf('--kubeconfig', kubeconfig, '--deadline', '0');
    const bundle = await statusOf('--bundle', await BUNDLES.capture(kubeconfig), '--deadline', '0');
    agrees(live, bundle, ['node-unready node-1', 'node-authorization get node node-1']);
    const refused = bundle.findings.filter(({ unknown }) => unknown?.reason === 'denied').map(keyOf);
    expect(refused).toContain('node-authorization list nodes');
  });

  it('of an API server that is gone says so, and everything else is still written', async () => {
    await server.kill();
    const path = join(folder, 'gone.tgz');
    const root = join(folder, 'node');
    const ran = await hayward('capture', '-o', path, '--root', root, '--kubeconfig', server.admin.kubeconfig);
    await server.start();
    expect(ran.status).toBe(3);
    expect(ran.stderr).toMatch(/^hayward: [^\n]*ECONNREFUSED[^\n]*\n$/);
    const bundle = await statusOf('--bundle', path, '--deadline', '0');
    expect(bundle.findings.find(({ problem }) => problem === 'apiserver-unready')).toMatchObject({ status: 'problem' });
  });
});

it.each([
  [['--watch'], '--bundle and --watch exclude each other'],
  [['--kubeconfig', 'x'], '--bundle and --kubeconfig exclude each other'],
  [[], 'no bundle hayward knows'],
])('wrong usage is one line: %j', async (args, line) => {
  await mkdir(join(folder, 'empty'), { recursive: true });
  const { status, stdout, stderr } = await hayward('status', '--bundle', join(folder, 'empty'), ...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^hayward: [^\n]*\n$/);
  expect(stderr).toContain(line);
});
