import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { apiServer, type LabApiServer } from '../../../lab/kube/api-server.ts';
import { applyManifest } from '../../../lab/kube/manifests.ts';
import { serviceAccountKubeconfig } from '../../../lab/kube/service-account.ts';
import { defineAttachments, defineVmNetworks, putAttachment, putNode } from '../../../lab/kube/vm-networks.ts';
import type { KubeConnection } from '../../cluster/client/connection.ts';
import { connectionFor } from '../../cluster/client/testing/connection.ts';
import { objectAt } from '../../cluster/object-fields.ts';
import { ATTACHMENTS, NODE_PROBES, type NodeProbe, VM_NETWORKS, type VmNetworkReport } from '../cluster/model.ts';
import { namespacedPath, nodeProbeOf, vmNetworkReportOf } from '../cluster/objects.ts';
import { runController } from '../controller/run.ts';
import { makeTally } from '../controller/tally.ts';
import { type AgentTestBed, agentTestBed, CIDR, GATEWAY } from './agent-test-bed.ts';

/**
 * All of it, on the real thing: a NetworkAttachmentDefinition at a real API server, a controller, and agents on two nodes that probe
 * real bridges, each by the rights that deploy/networks/rbac.yaml gives it. The network is untagged: this machine's kernel need
 * not filter VLANs.
 */

const NODES = ['node-1', 'node-2'] as const;
const RBAC = fileURLToPath(new URL('../../../deploy/networks/rbac.yaml', import.meta.url));
/** A probe of a silent network takes 15 s by itself. */
const LIMIT = { timeout: 120_000, interval: 50 };
const NETWORK = { namespace: 'default', name: 'plain' };

let server: LabApiServer;
let bed: AgentTestBed;
let client: KubeConnection;
let controller: Promise<unknown>;
const stop = new AbortController();
const agents = new Map<string, ChildProcess>();
const kubeconfigs = new Map<string, string>();
const logs = new Map<string, string>();

beforeAll(async () => {
  server = await apiServer();
  client = await connectionFor(server.admin.kubeconfig);
  await defineAttachments(client);
  await defineVmNetworks(client);
  await applyManifest(client, RBAC);
  for (const node of NODES) await putNode(client, node);
  bed = await agentTestBed(NODES, new URL(server.url));
  await bed.serve();
  for (const node of NODES) await startAgent(node);
  const account = { namespace: 'hayward', name: 'hayward-networks-controller' };
  controller = runController({
    client: await connectionFor(await serviceAccountKubeconfig(server, account)),
    namespace: 'hayward',
    name: 'test',
    settings: { everyMs: 3000, defaultRoute: 'auto' },
    tell: () => undefined,
    tally: makeTally(),
    signal: stop.signal,
  });
});

afterAll(async () => {
  stop.abort();
  await controller;
  await bed?.remove();
  client?.close();
  await server?.dispose();
});

async function startAgent(node: string): Promise<void> {
  const account = { namespace: 'hayward', name: 'hayward-networks-agent', node };
  const kubeconfig = kubeconfigs.get(node) ?? (await serviceAccountKubeconfig(server, account));
  kubeconfigs.set(node, kubeconfig);
  const agent = bed.agent(node, kubeconfig);
  agents.set(node, agent);
  agent.stderr?.on('data', (chunk) => logs.set(node, (logs.get(node) ?? '') + chunk));
}

async function route(): Promise<unknown> {
  const read = await client.json(namespacedPath(ATTACHMENTS, NETWORK));
  const text = read.known ? objectAt(read.value, 'metadata', 'annotations')?.['network.harvesterhci.io/route'] : '';
  return JSON.parse(String(text)) as unknown;
}

async function report(): Promise<VmNetworkReport | undefined> {
  const read = await client.json(namespacedPath(VM_NETWORKS, NETWORK));
  return read.known ? vmNetworkReportOf(read.value as never) : undefined;
}

async function nodeProbe(node: string): Promise<NodeProbe | undefined> {
  const read = await client.json(`${NODE_PROBES.path}/${node}`);
  return read.known ? nodeProbeOf(read.value as never) : undefined;
}

async function untilConnected(wanted: object): Promise<VmNetworkReport> {
  return vi.waitFor(async () => {
    const seen = await report();
    expect(seen, [...logs.values()].join('')).toMatchObject({
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'Connected', ...wanted })]),
    });
    return seen as VmNetworkReport;
  }, LIMIT);
}

describe('a network that was applied', () => {
  it('is probed on all its nodes, and Harvester is told what was found', async () => {
    await putAttachment(client, { name: 'plain', vlan: 0, route: '{"mode":"auto"}' });
    await untilConnected({ status: 'True', reason: 'Connected' });
    await vi.waitFor(async () => {
      expect(await route()).toEqual({
        mode: 'auto',
        serverIPAddr: '',
        cidr: CIDR,
        gateway: GATEWAY,
        connectivity: 'true',
      });
      expect(await report()).toMatchObject({ cidr: CIDR, gateway: GATEWAY, connectedNodes: '2/2' });
    }, LIMIT);
    const { results, agent } = (await nodeProbe('node-1')) as NodeProbe;
    expect(results['default/plain']).toMatchObject({
      state: 'active',
      lossPercent: 0,
      servers: [{ address: GATEWAY }],
    });
    expect(agent).toMatchObject({ version: expect.any(String), seenAt: expect.any(String) });
  });

  it('shows the one node that is miscabled, until its cable is back', async () => {
    await bed.run('node-2', 'ip link set up0 down');
    const { conditions } = await untilConnected({ status: 'False', reason: 'NoCarrier' });
    expect(conditions.find(({ type }) => type === 'Connected')?.message).toMatch(/^node-2: .*connected on node-1$/);
    await vi.waitFor(async () => expect(await route()).toMatchObject({ connectivity: 'false' }), LIMIT);
    await bed.run('node-2', 'ip link set up0 up');
    await untilConnected({ status: 'True' });
    // What the fault had and health has not is gone from the answer.
    expect((await nodeProbe('node-2'))?.results['default/plain']).not.toHaveProperty('side');
  });

  it('is not connected while its DHCP server is silent', async () => {
    await bed.stopServing();
    await untilConnected({ status: 'False', reason: 'DhcpSilent' });
    await vi.waitFor(async () => expect(await route()).toMatchObject({ connectivity: 'DHCP failed' }), LIMIT);
    await bed.serve();
    await untilConnected({ status: 'True' });
    await vi.waitFor(async () => expect(await route()).toMatchObject({ connectivity: 'true', cidr: CIDR }), LIMIT);
  });
});

describe('networks probe NAME', () => {
  const probe = (args: readonly string[], kubeconfig = server.admin.kubeconfig) =>
    bed.hayward('node-1', ['networks', 'probe', ...args, '--kubeconfig', kubeconfig]);

  it('probes the network on this node as the cluster describes it', async () => {
    const { exitCode, stdout } = await probe(['plain', '--json']);
    expect(exitCode, stdout).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      network: 'default/plain',
      bridge: 'mgmt-br',
      vlan: 0,
      state: 'active',
      cidr: CIDR,
      gateway: GATEWAY,
    });
    const text = await probe(['default/plain', '--beyond', '192.0.2.1', '--count', '2']);
    expect(text.stdout).toMatch(/^default\/plain · Active\n/);
    expect(text.stdout).toContain('does not lead to 192.0.2.1');
    expect(text.exitCode).toBe(1);
  });

  it('takes the route it was given by hand', async () => {
    const route = JSON.stringify({ mode: 'manual', cidr: CIDR, gateway: '192.168.77.99' });
    await putAttachment(client, { name: 'by-hand', vlan: 0, route });
    const { stdout } = await probe(['by-hand', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ reason: 'arp-silent', gateway: '192.168.77.99' });
    await client.remove(namespacedPath(ATTACHMENTS, { ...NETWORK, name: 'by-hand' }));
  });

  it('says in one line why it cannot', async () => {
    const denied = kubeconfigs.get('node-1') ?? '';
    const said = async (args: readonly string[], kubeconfig?: string) => {
      const { exitCode, stderr } = await probe(args, kubeconfig);
      expect([exitCode, stderr.trim().split('\n')]).toEqual([2, [expect.any(String)]]);
      return stderr;
    };
    expect(await said(['nowhere'])).toContain('default/nowhere: ');
    expect(await said(['plain'], denied)).toMatch(/forbidden.*--bridge and --vlan/);
    expect(await said(['plain', '--bridge', 'mgmt-br'])).toContain('--bridge and --vlan');
    expect(await said(['a/b/c'])).toContain('[NAMESPACE/]NAME');
    expect(await said(['plain', '--gateway', '10.0.0.1', '--cidr', '10.1.0.0/24'])).toContain('not in 10.1.0.0/24');
  });
});

describe('an agent', () => {
  it('that is killed and started again goes on, and leaves nothing of the one before it', async () => {
    const agent = agents.get('node-1') as ChildProcess;
    await vi.waitFor(async () => expect(await bed.throwaways('node-1')).not.toEqual([]), LIMIT);
    const gone = once(agent, 'close');
    agent.kill('SIGKILL');
    await gone;
    await startAgent('node-1');
    const before = (await nodeProbe('node-1'))?.results['default/plain']?.at;
    await vi.waitFor(
      async () => expect((await nodeProbe('node-1'))?.results['default/plain']?.at).not.toBe(before),
      LIMIT,
    );
  });

  it('takes back its answer when the network is gone', async () => {
    await client.remove(namespacedPath(ATTACHMENTS, NETWORK));
    for (const node of NODES) {
      await vi.waitFor(async () => expect((await nodeProbe(node))?.results ?? {}).toEqual({}), LIMIT);
      await vi.waitFor(async () => expect(await bed.throwaways(node)).toEqual([]), LIMIT);
    }
  });

  it('ends at a signal, with nothing left', async () => {
    await putAttachment(client, { name: 'plain', vlan: 0, route: '{"mode":"auto"}' });
    await vi.waitFor(async () => expect(await bed.throwaways('node-1')).not.toEqual([]), LIMIT);
    const agent = agents.get('node-1') as ChildProcess;
    const gone = once(agent, 'close');
    agent.kill('SIGTERM');
    expect(await gone, logs.get('node-1')).toEqual([0, null]);
    expect(await bed.throwaways('node-1')).toEqual([]);
  });
});
