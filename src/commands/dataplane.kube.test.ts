import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cluster, type LabCluster } from '../../lab/cluster/cluster.ts';
import { HAYWARD_IMAGE } from '../../lab/cluster/images.ts';
import type { LabNode } from '../../lab/cluster/node.ts';
import { connectionFor } from '../cluster/client/testing/connection.ts';
import { HAYWARD } from '../dataplane/agent/dialects.ts';
import { bringUp } from '../dataplane/kubernetes/bring-up.ts';
import { clusterNodes } from '../dataplane/kubernetes/nodes.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

let lab: LabCluster;
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hayward-dataplane-'));
  lab = await cluster({ nodes: 3, pluginForwards: [3] });
}, 480_000);

afterAll(async () => {
  await lab?.dispose();
  await rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Cell {
  readonly ok: boolean | null;
  readonly error: string;
}

interface Said {
  readonly kinds: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, Cell>>>>>>;
  readonly findings: readonly {
    readonly problem: string;
    readonly subject: string;
    readonly status: string;
    readonly title: string;
    readonly cause: string;
    readonly unknown?: { readonly reason: string };
  }[];
}

function start(...args: string[]): ChildProcess {
  const own = ['--kubeconfig', lab.server.admin.kubeconfig];
  return spawn(process.execPath, [CLI, 'dataplane', ...own, ...args], {
    env: { ...process.env, LC_ALL: 'C', HAYWARD_STATE: join(folder, 'state') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function dataplane(...args: string[]): Promise<Ended> {
  const child = start(...args);
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (chunk: Buffer) => {
      texts[name] += chunk.toString('utf8');
    });
  }
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, ...texts };
}

async function said(...args: string[]): Promise<Said & { readonly status: number | null }> {
  const { status, stdout, stderr } = await dataplane('--json', ...args);
  if (stdout === '') throw new Error(stderr);
  return { ...(JSON.parse(stdout) as Said), status };
}

const problemsOf = ({ findings }: Said) => findings.filter(({ status }) => status === 'problem');

interface Namespace {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
}

/** Of runs: those that stand, and those that are being deleted. */
async function namespaces(): Promise<readonly Namespace['metadata'][]> {
  const { text } = await lab.server.admin.ask('/api/v1/namespaces?labelSelector=hayward.internal%2Fdataplane');
  return (JSON.parse(text) as { items: Namespace[] }).items.map(({ metadata }) => metadata);
}

const nothingLeft = () =>
  vi.waitFor(async () => expect(await namespaces()).toEqual([]), { timeout: 120_000, interval: 250 });

function nodeNamed(name: string): LabNode {
  const node = lab.nodes.find((one) => one.name === name);
  if (!node) throw new TypeError(`no node ${name}`);
  return node;
}

/** Runs a line of shell on a node. */
async function on(node: string, line: string): Promise<void> {
  const done = await nodeNamed(node).exec(['sh', '-c', line]);
  if (done.exitCode !== 0) throw new Error(done.stderr);
}

/** With something changed on a node, and back again. */
async function changed<T>(node: string, change: string, back: string, use: () => Promise<T>): Promise<T> {
  await on(node, change);
  try {
    return await use();
  } finally {
    await on(node, back);
  }
}

const main = (all: Said) => problemsOf(all).filter((one) => !('consequenceOf' in one));

describe('on a real cluster of three nodes', () => {
  it('finds everything in order, in every way, and leaves nothing behind', async () => {
    const { kinds, findings, status } = await said();
    const cells = Object.values(kinds).flatMap((rows) => Object.values(rows).flatMap((row) => Object.values(row)));
    expect(cells.filter(({ ok }) => ok !== true)).toEqual([]);
    expect(Object.keys(kinds['pod'] ?? {})).toEqual(['node-1', 'node-2', 'node-3']);
    expect(findings.map((one) => [one.problem, one.status])).toEqual([
      ['dataplane-pod', 'ok'],
      ['dataplane-service', 'ok'],
      ['dataplane-nodeport', 'ok'],
      ['dataplane-dns', 'ok'],
    ]);
    expect(status).toBe(0);
    await nothingLeft();
  });

  it('names the node that does not forward, by the pattern alone and with the cause from its snapshot', async () => {
    const bundle = `/run/${randomBytes(4).toString('hex')}.tar`;
    const forward = (value: 0 | 1) => `echo ${value} > /proc/sys/net/ipv4/ip_forward`;
    const [blind, seeing] = await changed('node-2', forward(0), forward(1), async () => {
      const asking = said('--no-host-network');
      // A node without Pods has nothing to forward.
      await vi.waitFor(() => on('node-2', 'ip -o link show master cni0 up | grep -q veth'), { timeout: 60_000 });
      await on('node-2', `${process.execPath} ${CLI} capture -o ${bundle}`);
      const copy = join(folder, 'node-2.tar');
      await copyFile(`/proc/${nodeNamed('node-2').pid}/root${bundle}`, copy);
      return [await asking, await said('--bundle', copy)] as const;
    });
    for (const one of [blind, seeing]) {
      expect(main(one)).toMatchObject([{ problem: 'dataplane-pod', subject: 'node-2' }]);
      expect(one.status).toBe(1);
      expect(one.kinds['pod']?.['node-1']).toMatchObject({ 'node-2': { ok: false }, 'node-3': { ok: true } });
      expect(problemsOf(one).map(({ problem }) => problem)).toContain('dataplane-nodeport');
    }
    expect(main(blind)[0]?.cause).toMatch(/^Every lost way leads through this node/);
    expect(main(seeing)[0]?.cause).toBe('ip_forward is 0 on node-2.');
  });

  it('names the node that did not forward before it added Pods, which cured it, by nobody’s snapshot', async () => {
    const seen = await changed(
      'node-3',
      'echo 0 > /proc/sys/net/ipv4/ip_forward',
      'echo 1 > /proc/sys/net/ipv4/ip_forward',
      () => said(),
    );
    expect(main(seen)).toMatchObject([
      { problem: 'dataplane-pod', subject: 'node-3', cause: 'ip_forward is 0 on node-3.' },
    ]);
    expect(seen.status).toBe(1);
  });

  it('names the node whose NodePorts answer for its own Pods alone', async () => {
    const rule = 'FORWARD -i eth0 -o eth0 -j DROP';
    const seen = await changed('node-3', `iptables -I ${rule}`, `iptables -D ${rule}`, () => said());
    expect(main(seen)).toMatchObject([{ problem: 'dataplane-nodeport', subject: 'node-3' }]);
    expect(main(seen)[0]?.title).toBe('NodePorts of node-3 answer other nodes only for Pods on node-3 itself');
  });

  it('tells small packets that pass from full ones that do not', async () => {
    // A smaller MTU of eth0 would swallow what the API server sends to kube-proxy over connections that stand, too.
    const rule = 'FORWARD -m length --length 1401:65535 -j DROP';
    const seen = await changed('node-1', `iptables -I ${rule}`, `iptables -D ${rule}`, () => said());
    expect(main(seen)).toMatchObject([
      { problem: 'dataplane-pod', subject: expect.stringMatching(/^node-1 \(only full-size packets/) },
    ]);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)('leaves no object behind when it is ended by %s', async (signal) => {
    const child = start('--watch', '1h');
    const ended = once(child, 'close');
    try {
      await once(child.stdout as NodeJS.ReadableStream, 'data');
      const standing = (await namespaces()).filter(({ deletionTimestamp }) => deletionTimestamp === undefined);
      expect(standing).toHaveLength(1);
    } finally {
      child.kill(signal);
      await ended;
    }
    await nothingLeft();
  });

  it('is ended by the cluster itself where nobody is left to do it, and its namespace by the next run', async () => {
    const client = await connectionFor(lab.server.admin.kubeconfig);
    const nodes = await clusterNodes(client);
    if (!nodes.known) throw new Error(nodes.detail);
    const names = nodes.value.map(({ name }) => name);
    const namespace = `hayward-dataplane-${randomBytes(4).toString('hex')}`;
    const run = {
      namespace,
      image: HAYWARD_IMAGE,
      dialect: HAYWARD,
      nodes: names,
      lifetimeSeconds: 1,
      hostNetwork: false,
    };
    const { signal } = new AbortController();
    const how = {
      client,
      run,
      nodes: nodes.value,
      expires: new Date(),
      patienceMs: 0,
      onProgress: () => undefined,
      signal,
    };
    await bringUp(how);
    client.close();
    for (const path of [`apis/apps/v1/namespaces/${namespace}/daemonsets`, `api/v1/namespaces/${namespace}/services`]) {
      await vi.waitFor(async () => {
        const { text } = await lab.server.admin.ask(`/${path}`);
        expect((JSON.parse(text) as { items: unknown[] }).items).toEqual([]);
      }, 120_000);
    }
    const { stderr } = await dataplane('--node', 'node-1', '--only', 'dataplane-dns');
    expect(stderr).toContain(`${namespace} of an earlier run was left behind; taken down`);
    await nothingLeft();
  });

  it('does not know, where it may not ask', async () => {
    const { kubeconfig } = await lab.server.user({ name: 'nobody-in-particular' });
    const { status, stdout } = await dataplane('--json', '--kubeconfig', kubeconfig);
    expect(status).toBe(3);
    expect((JSON.parse(stdout) as Said).findings).toMatchObject([{ status: 'unknown', unknown: { reason: 'denied' } }]);
  });
});
