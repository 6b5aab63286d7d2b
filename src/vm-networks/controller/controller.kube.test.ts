import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { apiServer, type LabApiServer } from '../../../lab/kube/api-server.ts';
import {
  connected,
  defineAttachments,
  defineVmNetworks,
  type Look,
  playAgents,
  putAttachment,
  putNamespace,
  putNode,
  writeRoute,
} from '../../../lab/kube/vm-networks.ts';
import type { KubeConnection } from '../../cluster/client/connection.ts';
import { connectionFor } from '../../cluster/client/testing/connection.ts';
import { objectAt } from '../../cluster/object-fields.ts';
import { attachmentOf } from '../cluster/attachment.ts';
import type { Settings } from '../cluster/keep-network.ts';
import { ATTACHMENTS, type Condition, NODE_PROBES, VM_NETWORKS, type VmNetworkReport } from '../cluster/model.ts';
import { namespacedPath, nodeProbeOf, vmNetworkReportOf } from '../cluster/objects.ts';
import { NO_ROUTE_MEMORY } from '../cluster/route-writing.ts';
import type { ControllerEvent } from './events.ts';
import { runController } from './run.ts';
import { makeTally } from './tally.ts';
import { clusterWrites } from './writes.ts';

const LIMIT = { timeout: 60_000, interval: 20 };
const ROUTE = 'network.harvesterhci.io/route';

let server: LabApiServer;
let client: KubeConnection;
let look: Look;
let stop: AbortController;
let events: ControllerEvent[];
const ended: Promise<unknown>[] = [];

beforeAll(async () => {
  server = await apiServer();
  client = await connectionFor(server.admin.kubeconfig);
  await putNamespace(client, 'hayward');
  for (const name of ['node-1', 'node-2', 'node-3']) await putNode(client, name);
  await putNode(client, 'witness', { 'node-role.harvesterhci.io/witness': 'true' });
});
beforeEach(() => {
  stop = new AbortController();
  events = [];
  look = () => connected();
});
afterEach(async () => {
  stop.abort();
  await Promise.all(ended.splice(0));
  const items = (await listed(ATTACHMENTS.path)) as { metadata: { namespace: string; name: string } }[];
  for (const { metadata } of items) await client.remove(namespacedPath(ATTACHMENTS, metadata));
  for (const { metadata } of (await listed(VM_NETWORKS.path)) as typeof items) {
    await client.remove(namespacedPath(VM_NETWORKS, metadata));
  }
  for (const { metadata } of (await listed(NODE_PROBES.path)) as typeof items) {
    await client.remove(`${NODE_PROBES.path}/${metadata.name}`);
  }
});
afterAll(async () => {
  client?.close();
  await server?.dispose();
});

async function listed(path: string): Promise<readonly unknown[]> {
  const list = await client.json(path);
  return list.known ? ((list.value as { items: unknown[] }).items ?? []) : [];
}

/** A controller, and agents that see what `look` says at the moment. */
function start(settings: Partial<Settings> = {}): void {
  const { signal } = stop;
  const run = runController({
    client: client.apart(),
    namespace: 'hayward',
    name: `c-${ended.length}`,
    settings: { everyMs: 300_000, defaultRoute: 'off', ...settings },
    tell: (event) => events.push(event),
    tally: makeTally(),
    signal,
  });
  const agents = playAgents(client, (...asked) => look(...asked), signal);
  ended.push(run, agents.ended);
}

async function reportOf(name: string): Promise<VmNetworkReport | undefined> {
  const read = await client.json(namespacedPath(VM_NETWORKS, { namespace: 'default', name }));
  return read.known ? vmNetworkReportOf(read.value as never) : undefined;
}

async function condition(name: string, type: Condition['type']): Promise<Condition | undefined> {
  return (await reportOf(name))?.conditions.find((one) => one.type === type);
}

async function until(name: string, type: Condition['type'], wanted: Partial<Condition>): Promise<Condition> {
  return vi.waitFor(async () => {
    const found = await condition(name, type);
    expect(found).toMatchObject(wanted);
    return found as Condition;
  }, LIMIT);
}

async function routeOf(name: string): Promise<unknown> {
  const read = await client.json(namespacedPath(ATTACHMENTS, { namespace: 'default', name }));
  const text = read.known ? objectAt(read.value, 'metadata', 'annotations')?.[ROUTE] : undefined;
  return typeof text === 'string' ? JSON.parse(text) : undefined;
}

const routesWritten = (): number => events.filter(({ type }) => type === 'route-written').length;
const active = (more: object = {}): object => ({
  mode: 'auto',
  serverIPAddr: '',
  cidr: '172.16.0.0/24',
  gateway: '172.16.0.1',
  connectivity: 'true',
  ...more,
});

it('waits for its kinds, and says what is missing', async () => {
  await defineAttachments(client);
  start();
  await vi.waitFor(() => {
    const missing = events.find((event) => event.type === 'sight' && event.what === 'VMNetworks');
    expect(missing).toMatchObject({ detail: expect.stringContaining('deploy/networks/crds.yaml') });
  }, LIMIT);
  await defineVmNetworks(client);
  await putAttachment(client, { name: 'early', route: '{"mode":"auto"}' });
  await until('early', 'Connected', { status: 'True', reason: 'Connected' });
});

describe('a network', () => {
  it('without the annotation becomes Active by itself', async () => {
    start({ defaultRoute: 'auto' });
    await putAttachment(client, { name: 'vlan-100' });
    await until('vlan-100', 'HarvesterAgrees', { status: 'True' });
    expect(await routeOf('vlan-100')).toEqual(active());
    expect(await reportOf('vlan-100')).toMatchObject({
      clusterNetwork: 'mgmt',
      type: 'L2VlanNetwork',
      vlan: 100,
      cidr: '172.16.0.0/24',
      gateway: '172.16.0.1',
      connectedNodes: '3/3',
    });
    expect(routesWritten()).toBe(1);
  });

  it('without the annotation keeps none unless that is asked for', async () => {
    start();
    await putAttachment(client, { name: 'plain' });
    await until('plain', 'Connected', { status: 'True' });
    expect(await condition('plain', 'HarvesterAgrees')).toMatchObject({ status: 'Unknown', reason: 'RouteMissing' });
    expect(await routeOf('plain')).toBeUndefined();
  });

  it('shows the one node that is miscabled, by name', async () => {
    look = (node) =>
      node === 'node-2'
        ? { state: 'inactive', reason: 'no-carrier', side: 'node', message: 'eth1 is dark' }
        : connected();
    start();
    await putAttachment(client, { name: 'mixed', route: '{"mode":"auto"}' });
    const { message } = await until('mixed', 'Connected', { status: 'False', reason: 'NoCarrier' });
    expect(message).toBe('node-2: no-carrier, eth1 is dark; connected on node-1, node-3');
    await vi.waitFor(async () => expect(await routeOf('mixed')).toMatchObject({ connectivity: 'false' }), LIMIT);
    expect((await reportOf('mixed'))?.connectedNodes).toBe('2/3');
  });

  it('whose DHCP fails and comes back is told both times', async () => {
    look = () => ({ state: 'inactive', reason: 'dhcp-silent', message: 'no offer' });
    start();
    await putAttachment(client, { name: 'sick', route: '{"mode":"auto"}' });
    await until('sick', 'HarvesterAgrees', { status: 'True' });
    expect(await routeOf('sick')).toMatchObject({ connectivity: 'DHCP failed' });
    look = () => connected();
    const back = await until('sick', 'Connected', { status: 'True' });
    await until('sick', 'HarvesterAgrees', { status: 'True', reason: 'Agrees' });
    expect(await routeOf('sick')).toEqual(active());
    expect(Date.parse(back.lastTransitionTime)).not.toBeNaN();
    expect(routesWritten()).toBe(2);
  });

  it('with given addresses keeps them', async () => {
    start();
    const route = JSON.stringify({ mode: 'manual', cidr: '10.1.0.0/16', gateway: '10.1.0.9' });
    await putAttachment(client, { name: 'manual', route });
    await until('manual', 'HarvesterAgrees', { status: 'True' });
    expect(await routeOf('manual')).toEqual({
      mode: 'manual',
      serverIPAddr: '',
      cidr: '10.1.0.0/16',
      gateway: '10.1.0.9',
      connectivity: 'true',
    });
  });

  it('with nonsense for an annotation is left as it is', async () => {
    start({ defaultRoute: 'auto' });
    const nonsense = [
      '{',
      '[]',
      '"auto"',
      '{"mode":"Auto"}',
      '{"mode":"manual"}',
      '{"cidr":{}}',
      '{"mode":"auto","cidr":"x"}',
    ];
    for (const [index, route] of nonsense.entries()) await putAttachment(client, { name: `odd-${index}`, route });
    for (const index of nonsense.keys()) {
      await until(`odd-${index}`, 'HarvesterAgrees', { status: 'Unknown', reason: 'RouteInvalid' });
      await until(`odd-${index}`, 'Connected', { status: 'True' });
    }
    expect(routesWritten()).toBe(0);
  });

  it('that is deleted takes its report and its asks along, and is not made anew', async () => {
    start({ defaultRoute: 'auto' });
    await putAttachment(client, { name: 'brief' });
    await until('brief', 'HarvesterAgrees', { status: 'True' });
    const path = namespacedPath(ATTACHMENTS, { namespace: 'default', name: 'brief' });
    const seen = await client.json(path);
    const attachment = seen.known ? attachmentOf(seen.value as never) : undefined;
    await client.remove(path);
    await vi.waitFor(async () => expect(await reportOf('brief')).toBeUndefined(), LIMIT);
    await vi.waitFor(async () => {
      const probes = (await listed(NODE_PROBES.path)).map((one) => nodeProbeOf(one as never));
      expect(probes.map((one) => [one?.probes, one?.results])).toEqual([1, 2, 3].map(() => [{}, {}]));
    }, LIMIT);
    // A write that was on its way when it was deleted.
    const writes = clusterWrites(client, { tell: () => undefined, tally: makeTally(), signal: stop.signal });
    const late = { text: '{"mode":"auto"}', settles: '' };
    expect(await writes.route(attachment!, late, NO_ROUTE_MEMORY)).toMatchObject({ kind: 'overtaken' });
    expect((await client.json(path)).known).toBe(false);
  });

  it('that is applied again under its name is a new one: what was removed does not hold it up', async () => {
    start({ defaultRoute: 'auto' });
    await putAttachment(client, { name: 'again' });
    await until('again', 'HarvesterAgrees', { status: 'True' });
    await client.remove(namespacedPath(ATTACHMENTS, { namespace: 'default', name: 'again' }));
    await vi.waitFor(async () => expect(await reportOf('again')).toBeUndefined(), LIMIT);
    await putAttachment(client, { name: 'again' });
    // Half of what a refused one is left alone for.
    await vi.waitFor(async () => expect(await routeOf('again')).toEqual(active()), { ...LIMIT, timeout: 5_000 });
    await until('again', 'Connected', { status: 'True' });
  });
});

describe('nodes', () => {
  const nodeProbe = async (name: string) => {
    const read = await client.json(`${NODE_PROBES.path}/${name}`);
    return read.known ? nodeProbeOf(read.value as never) : undefined;
  };

  it('are asked about a cluster network once they have it', async () => {
    start();
    await putAttachment(client, { name: 'on-vm', bridge: 'vm-br' });
    await until('on-vm', 'Connected', { status: 'Unknown', reason: 'NoNode' });
    await putNode(client, 'node-2', { 'network.harvesterhci.io/vm': 'true' });
    await until('on-vm', 'Connected', { status: 'True' });
    expect((await reportOf('on-vm'))?.nodes.map(({ name }) => name)).toEqual(['node-2']);
    expect((await nodeProbe('node-2'))?.probes['default/on-vm']).toEqual({ bridge: 'vm-br', vlan: 100, ask: 1 });
    await putNode(client, 'node-2');
    await until('on-vm', 'Connected', { status: 'Unknown', reason: 'NoNode' });
  });

  it('that are removed take their object along, and one whose object is removed gets it again', async () => {
    await putNode(client, 'node-4');
    start();
    await putAttachment(client, { name: 'four' });
    await vi.waitFor(async () => expect((await reportOf('four'))?.connectedNodes).toBe('4/4'), LIMIT);
    await client.remove('/api/v1/nodes/node-4');
    await vi.waitFor(async () => expect((await reportOf('four'))?.connectedNodes).toBe('3/3'), LIMIT);
    await vi.waitFor(async () => expect(await nodeProbe('node-4')).toBeUndefined(), LIMIT);
    await client.remove(`${NODE_PROBES.path}/node-1`);
    await vi.waitFor(async () => {
      expect((await nodeProbe('node-1'))?.results['default/four']?.state).toBe('active');
    }, LIMIT);
    await client.remove(namespacedPath(VM_NETWORKS, { namespace: 'default', name: 'four' }));
    await until('four', 'Connected', { status: 'True', reason: 'Connected' });
  });

  it('are asked nothing any more where an earlier controller asked and the network went while none was there', async () => {
    start();
    await putAttachment(client, { name: 'orphan' });
    await until('orphan', 'Connected', { status: 'True' });
    stop.abort();
    await Promise.all(ended.splice(0));
    await client.remove(namespacedPath(ATTACHMENTS, { namespace: 'default', name: 'orphan' }));
    stop = new AbortController();
    start();
    await vi.waitFor(async () => expect((await nodeProbe('node-1'))?.probes).toEqual({}), LIMIT);
    await vi.waitFor(async () => expect(await reportOf('orphan')).toBeUndefined(), LIMIT);
  });
});

describe('beside Harvester’s own controller', () => {
  it('leaves alone what that writes, says so, and writes again when the truth changes', async () => {
    start();
    await putAttachment(client, { name: 'isolated', route: '{"mode":"auto"}' });
    await until('isolated', 'HarvesterAgrees', { status: 'True' });
    await writeRoute(client, 'default/isolated', JSON.stringify(active({ connectivity: 'false' })));
    const stale = await until('isolated', 'HarvesterAgrees', { status: 'False', reason: 'StatusStale' });
    expect(stale.message).toContain('harvester-network-controller-manager');
    expect(await routeOf('isolated')).toMatchObject({ connectivity: 'false' });
    expect(routesWritten()).toBe(1);
    look = () => connected('172.16.0.0/24', '172.16.0.254');
    await putAttachment(client, {
      name: 'isolated',
      vlan: 101,
      route: JSON.stringify(active({ connectivity: 'false' })),
    });
    await until('isolated', 'HarvesterAgrees', { status: 'True' });
    expect(await routeOf('isolated')).toEqual(active({ gateway: '172.16.0.254' }));
    expect(routesWritten()).toBe(2);
  });

  it('fills in what that never tries again', async () => {
    start();
    await putAttachment(client, { name: 'given-up', route: '{"mode":"auto"}' });
    await until('given-up', 'HarvesterAgrees', { status: 'True' });
    await writeRoute(client, 'default/given-up', '{"mode":"auto","connectivity":"DHCP failed"}');
    await vi.waitFor(() => expect(routesWritten()).toBe(2), LIMIT);
    expect(await routeOf('given-up')).toEqual(active());
  });

  it('stops, and says so, where somebody goes on replacing what it wrote', async () => {
    start();
    await putAttachment(client, { name: 'contested', route: '{"mode":"auto"}' });
    await until('contested', 'HarvesterAgrees', { status: 'True' });
    for (const round of [1, 2, 3, 4]) {
      await writeRoute(client, 'default/contested', `{"mode":"auto","connectivity":""${' '.repeat(round)}}`);
      if (round < 4) await vi.waitFor(() => expect(routesWritten()).toBe(round + 1), LIMIT);
    }
    await until('contested', 'HarvesterAgrees', { status: 'False', reason: 'Contested' });
    expect(routesWritten()).toBe(4);
  });

  it('does not fill again what somebody removed, nor after a restart', async () => {
    start({ defaultRoute: 'auto' });
    await putAttachment(client, { name: 'unwanted' });
    await until('unwanted', 'HarvesterAgrees', { status: 'True' });
    await writeRoute(client, 'default/unwanted', null, 'kubectl-edit');
    await until('unwanted', 'HarvesterAgrees', { status: 'Unknown', reason: 'RouteRemoved' });
    stop.abort();
    await Promise.all(ended.splice(0));
    stop = new AbortController();
    start({ defaultRoute: 'auto' });
    await putAttachment(client, { name: 'next' });
    await until('next', 'HarvesterAgrees', { status: 'True' });
    expect(await routeOf('unwanted')).toBeUndefined();
    expect(routesWritten()).toBe(2);
  });
});
