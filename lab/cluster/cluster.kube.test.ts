import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cluster, type LabCluster } from './cluster.ts';
import { execIn } from './exec.ts';
import { HAYWARD_IMAGE } from './images.ts';

let lab: LabCluster;
/** The Pod of the DaemonSet on each node, by the node's name. */
let echoes: Readonly<Record<string, EchoPod>> = {};
const before: Record<string, string> = {};

interface EchoPod {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName: string };
  readonly status: { readonly podIP: string; readonly hostIP: string };
}

/** Shared by the kernel with all namespaces: what the kubelet and kube-proxy set on a node of their own. */
const SHARED = [
  'vm/overcommit_memory',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
  'net/netfilter/nf_conntrack_max',
  'net/ipv4/ip_forward',
] as const;

const shared = (key: string): Promise<string> => readFile(`/proc/sys/${key}`, 'utf8').catch(() => 'absent');

const ECHO = `
require('node:http').createServer((_, to) => to.setHeader('connection', 'close').end(process.env.NODE_NAME)).listen(8080);
`;
const NODE_PORT = 30080;
const labels = { app: 'echo' };

async function post(path: string, body: object): Promise<void> {
  const { status, text } = await lab.server.admin.ask(path, { method: 'POST', body });
  if (status !== 201) throw new Error(`POST ${path}: HTTP ${status}: ${text}`);
}

async function items<T>(path: string): Promise<readonly T[]> {
  const { status, text } = await lab.server.admin.ask(path);
  if (status !== 200) throw new Error(`GET ${path}: HTTP ${status}: ${text}`);
  return (JSON.parse(text) as { items: readonly T[] }).items;
}

async function deployEcho(): Promise<void> {
  const nodeName = { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } };
  const container = {
    name: 'echo',
    image: HAYWARD_IMAGE,
    imagePullPolicy: 'Never',
    command: ['node', '-e', ECHO],
    env: [nodeName],
    readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 },
  };
  const spec = { terminationGracePeriodSeconds: 0, containers: [container] };
  await post('/apis/apps/v1/namespaces/default/daemonsets', {
    metadata: { name: 'echo' },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  });
  await post('/api/v1/namespaces/default/services', {
    metadata: { name: 'echo' },
    spec: {
      type: 'NodePort',
      selector: labels,
      ports: [{ port: 80, targetPort: 8080, nodePort: NODE_PORT }],
    },
  });
  await vi.waitFor(async () => {
    const sets = await items<{ status: { numberAvailable?: number } }>('/apis/apps/v1/namespaces/default/daemonsets');
    expect(sets.map(({ status }) => status.numberAvailable)).toEqual([lab.nodes.length]);
  }, 120_000);
  const pods = await items<EchoPod>('/api/v1/namespaces/default/pods?labelSelector=app%3Decho');
  echoes = Object.fromEntries(pods.map((pod) => [pod.spec.nodeName, pod]));
}

/** Starts a Pod and waits until it runs. */
async function runOn(nodeName: string, name: string): Promise<void> {
  const container = { name, image: HAYWARD_IMAGE, imagePullPolicy: 'Never', command: ['sh', '-c', 'sleep 600'] };
  const spec = { nodeName, terminationGracePeriodSeconds: 0, containers: [container] };
  await post('/api/v1/namespaces/default/pods', { metadata: { name }, spec });
  const path = `/api/v1/namespaces/default/pods?fieldSelector=metadata.name%3D${name}`;
  await vi.waitFor(async () => {
    const pods = await items<{ status: { phase: string } }>(path);
    expect(pods.map(({ status }) => status.phase)).toEqual(['Running']);
  }, 60_000);
}

/** Whether node-2 forwards packets. */
async function forward(value: 0 | 1): Promise<void> {
  await lab.nodes[1]?.exec(['sh', '-c', `echo ${value} > /proc/sys/net/ipv4/ip_forward`]);
}

/** What a Pod is answered over HTTP, in as many requests, one after the other; what went wrong in place of an answer. */
async function asks(node: string, url: string, times = 1): Promise<readonly string[]> {
  const script = `
    (async () => {
      for (let i = 0; i < ${times}; i++) {
        const asked = fetch(${JSON.stringify(url)}, { signal: AbortSignal.timeout(3000) });
        console.log(await asked.then((answer) => answer.text(), (error) => error.cause?.code ?? error.name));
      }
      // What still waits for a connection that was given up would keep it for seconds.
      process.exit();
    })();`;
  const { exitCode, stdout, stderr } = await inPod(node, ['node', '-e', script]);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout.trim().split('\n');
}

/** Waits until both nodes' Pods answer there: kube-proxy's rules follow the Pods they lead to by a second or so. */
async function seesAll(url: string): Promise<void> {
  await vi.waitFor(async () => {
    expect([...new Set(await asks('node-1', url, 24))].sort()).toEqual(['node-1', 'node-2']);
  }, 60_000);
}

function inPod(node: string, argv: readonly string[]): ReturnType<typeof execIn> {
  return execIn(lab.server.admin.kubeconfig, podOn(node).metadata.name, argv);
}

function podOn(node: string): EchoPod {
  const pod = echoes[node];
  if (!pod) throw new TypeError(`no Pod on ${node}`);
  return pod;
}

beforeAll(async () => {
  for (const key of SHARED) before[key] = await shared(key);
  lab = await cluster();
  await deployEcho();
}, 360_000);
afterAll(() => lab?.dispose());

describe('a real cluster', () => {
  it('has two nodes that are Ready, each with its own address, and a Pod on each with one of its own', () => {
    const places = Object.entries(echoes).sort();
    expect(places.map(([node, { status }]) => [node, status.hostIP, status.podIP.replace(/\d+$/, '')])).toEqual([
      ['node-1', '10.52.0.11', '10.42.1.'],
      ['node-2', '10.52.0.12', '10.42.2.'],
    ]);
  });

  it("runs a command in a Pod and tells how it ended, through the API server and the node's kubelet", async () => {
    const script = 'echo "$NODE_NAME"; echo wrong >&2; exit 3';
    expect(await inPod('node-2', ['sh', '-c', script])).toEqual({
      exitCode: 3,
      stdout: 'node-2\n',
      stderr: 'wrong\n',
    });
  });

  it('carries packets from Pod to Pod between nodes', async () => {
    expect(await asks('node-1', `http://${podOn('node-2').status.podIP}:8080`)).toEqual(['node-2']);
    expect(await asks('node-2', `http://${podOn('node-1').status.podIP}:8080`)).toEqual(['node-1']);
  });

  it("spreads a Service's connections over the nodes, found by its name, by kube-proxy's rules", async () => {
    await seesAll('http://echo.default.svc.cluster.local');
  });

  it('answers at a NodePort of every node, wherever the Pod that answers is', async () => {
    for (const { address } of lab.nodes) await seesAll(`http://${address}:${NODE_PORT}`);
  });

  it('breaks between nodes, and there alone, where one forwards no packets', async () => {
    await forward(0);
    try {
      expect(await asks('node-1', `http://${podOn('node-2').status.podIP}:8080`)).toEqual(['TimeoutError']);
      expect(await asks('node-1', `http://${podOn('node-1').status.podIP}:8080`)).toEqual(['node-1']);
    } finally {
      await forward(1);
    }
    expect(await asks('node-1', `http://${podOn('node-2').status.podIP}:8080`)).toEqual(['node-2']);
  });

  it('keeps a node from forwarding also when a Pod starts on it', async () => {
    await forward(0);
    try {
      await runOn('node-2', 'late');
      expect(await lab.nodes[1]?.exec(['cat', '/proc/sys/net/ipv4/ip_forward'])).toMatchObject({ stdout: '0\n' });
    } finally {
      await forward(1);
    }
  });

  it("changes nothing of the kernel's that all namespaces share, and cannot", async () => {
    for (const key of SHARED) expect([key, await shared(key)]).toEqual([key, before[key]]);
    const [node] = lab.nodes;
    // Each would do no harm: the value that is there already, and no more than the question whether one might write.
    // By cat: a shell reads octet by octet, and of such a file gets the first digit alone.
    const sameAgain = 'value=$(cat /proc/sys/vm/swappiness); echo "$value" > /proc/sys/vm/swappiness';
    const said = await node?.exec(['sh', '-c', sameAgain]);
    expect(said).toMatchObject({ failed: true, stderr: expect.stringContaining('Read-only') });
    expect(await node?.exec(['test', '-w', '/usr'])).toMatchObject({ failed: true });
    expect(await node?.exec(['cat', '/proc/sys/kernel/panic'])).toMatchObject({ stdout: '10\n' });
  });
});
