import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiServer, type LabApiServer } from '../../lab/kube/api-server.ts';
import { type Audit, auditLog } from '../../lab/kube/audit.ts';
import { expectExactly } from '../../lab/kube/granted.ts';
import { applyManifest, manifestObjects } from '../../lab/kube/manifests.ts';
import { serviceAccountKubeconfig } from '../../lab/kube/service-account.ts';
import { defineAttachments, putAttachment, putNode } from '../../lab/kube/vm-networks.ts';
import type { KubeConnection } from '../../src/cluster/client/connection.ts';
import { connectionFor } from '../../src/cluster/client/testing/connection.ts';
import { eventually } from '../../src/cluster/client/testing/eventually.ts';
import type { NetworkProbe } from '../../src/probes/vm-network/probe.ts';
import { runAgent } from '../../src/vm-networks/agent/agent.ts';
import { ATTACHMENTS, NODE_PROBES, VM_NETWORKS } from '../../src/vm-networks/cluster/model.ts';
import { namespacedPath, vmNetworkReportOf } from '../../src/vm-networks/cluster/objects.ts';
import type { ControllerEvent } from '../../src/vm-networks/controller/events.ts';
import { runController } from '../../src/vm-networks/controller/run.ts';
import { makeTally } from '../../src/vm-networks/controller/tally.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const RBAC = `${FOLDER}rbac.yaml`;
const NETWORK = { namespace: 'default', name: 'vlan-100' };
const ROUTE = '{"mode":"manual","cidr":"172.16.0.0/24","gateway":"172.16.0.1"}';
/** What a probe finds where all is well, as far as it matters here. */
const ACTIVE: NetworkProbe = {
  outcome: { state: 'active', reason: 'ok', side: undefined, lossPercent: 0 },
  bridge: undefined,
  facts: undefined,
  reach: 'not-asked',
};
let audit: Audit;
let server: LabApiServer;
let admin: KubeConnection;
const opened: KubeConnection[] = [];

beforeAll(async () => {
  audit = await auditLog();
  server = await apiServer({ arguments: audit.arguments });
  admin = await connectionFor(server.admin.kubeconfig);
  await applyManifest(admin, `${FOLDER}crds.yaml`);
  await applyManifest(admin, RBAC);
  await defineAttachments(admin);
  for (const name of ['node-1', 'node-2']) await putNode(admin, name);
});
afterAll(async () => {
  for (const client of [admin, ...opened]) client?.close();
  await server?.dispose();
  await audit?.remove();
});

/** As a Pod of one of the two accounts is known. */
async function as(account: 'controller' | 'agent', node: string): Promise<KubeConnection> {
  const name = `hayward-networks-${account}`;
  const client = await connectionFor(await serviceAccountKubeconfig(server, { namespace: 'hayward', name, node }));
  opened.push(client);
  return client;
}

describe('what the manifest grants', () => {
  it('is what a controller and an agent use in their life: nothing is missing, nothing is left over', async () => {
    const stop = new AbortController();
    const events: ControllerEvent[] = [];
    const controller = runController({
      client: await as('controller', 'node-1'),
      namespace: 'hayward',
      name: 'replica-1',
      settings: { everyMs: 300_000, defaultRoute: 'auto' },
      tell: (event) => events.push(event),
      tally: makeTally(),
      signal: stop.signal,
    });
    const agent = runAgent({
      client: await as('agent', 'node-1'),
      node: 'node-1',
      probe: async () => ACTIVE,
      tell: () => undefined,
      signal: stop.signal,
    });

    await putAttachment(admin, { ...NETWORK, route: ROUTE });
    await eventually(async () => {
      const read = await admin.json(namespacedPath(VM_NETWORKS, NETWORK));
      return read.known ? vmNetworkReportOf(read.value as never)?.conditions : [];
    }).toMatchObject([
      { type: 'Connected', status: 'True', reason: 'ConnectedWhereSeen' },
      { type: 'HarvesterAgrees', status: 'True' },
    ]);
    await admin.remove('/api/v1/nodes/node-2');
    await eventually(() => admin.json(`${NODE_PROBES.path}/node-2`)).toMatchObject({ reason: 'absent' });
    await admin.remove(namespacedPath(ATTACHMENTS, NETWORK));
    await eventually(() => admin.json(namespacedPath(VM_NETWORKS, NETWORK))).toMatchObject({ reason: 'absent' });
    stop.abort();
    expect(await controller).toEqual({ kind: 'ended' });
    await agent;

    for (const account of ['hayward-networks-controller', 'hayward-networks-agent']) {
      await expectExactly({ audit, manifest: RBAC, account });
    }
    expect(events.filter(({ type }) => type === 'refused' || type === 'lease')).toEqual([]);
  });

  it('is for the accounts that the two deployments name, which the API server takes as they are', async () => {
    const accounts = (await manifestObjects(RBAC)).filter(({ kind }) => kind === 'ServiceAccount');
    for (const [file, account] of [
      ['controller.yaml', 'hayward-networks-controller'],
      ['agent.yaml', 'hayward-networks-agent'],
    ] as const) {
      await applyManifest(admin, `${FOLDER}${file}`);
      const [object] = await manifestObjects(`${FOLDER}${file}`);
      expect(object).toMatchObject({ spec: { template: { spec: { serviceAccountName: account } } } });
      expect(accounts).toContainEqual(
        expect.objectContaining({ metadata: { name: account, namespace: object?.metadata['namespace'] } }),
      );
    }
  });

  it("lets an agent answer for its own node alone, and neither ask nor see anything of others'", async () => {
    const agent = await as('agent', 'node-3');
    for (const node of ['node-3', 'node-4']) {
      const { apiVersion, kind } = { apiVersion: 'hayward.internal/v1alpha1', kind: NODE_PROBES.kind };
      await admin.create(NODE_PROBES.path, { apiVersion, kind, metadata: { name: node } });
    }
    const status = { agent: { version: '1', startedAt: '2026-01-01T00:00:00Z', seenAt: '2026-01-01T00:00:00Z' } };
    const answer = (node: string, who = agent) => who.merge(`${NODE_PROBES.path}/${node}/status`, { status });
    expect(await answer('node-3')).toMatchObject({ kind: 'done', object: { status } });
    // The API server takes a new policy in some moments after it is stored.
    await eventually(() => answer('node-4')).toMatchObject({
      kind: 'denied',
      detail: expect.stringContaining('an agent answers for its own node alone'),
    });
    const unbound = await connectionFor(
      await serviceAccountKubeconfig(server, { namespace: 'hayward', name: 'hayward-networks-agent' }),
    );
    opened.push(unbound);
    expect(await answer('node-3', unbound)).toMatchObject({ kind: 'denied' });
    expect(await agent.merge(`${NODE_PROBES.path}/node-3`, { spec: { probes: {} } })).toMatchObject({ kind: 'denied' });
    for (const path of ['/api/v1/nodes', '/api/v1/secrets', ATTACHMENTS.path, VM_NETWORKS.path]) {
      expect(await agent.json(path)).toMatchObject({ reason: 'denied' });
    }
  });

  it('lets a controller neither answer for a node, nor make a network, nor touch other leases', async () => {
    const controller = await as('controller', 'node-5');
    const merge = (path: string) => controller.merge(path, {});
    expect(await merge(`${NODE_PROBES.path}/node-3/status`)).toMatchObject({ kind: 'denied' });
    const { apiVersion, kind } = ATTACHMENTS;
    const made = await controller.apply(
      namespacedPath(ATTACHMENTS, { namespace: 'default', name: 'new' }),
      { apiVersion, kind, metadata: { name: 'new', namespace: 'default' }, spec: { config: '{}' } },
      { manager: 'hayward-networks' },
    );
    expect(made).toMatchObject({ kind: 'denied' });
    const leases = '/apis/coordination.k8s.io/v1/namespaces/hayward/leases';
    expect(await controller.json(`${leases}/hayward-networks`)).toMatchObject({ known: true });
    expect(await controller.json(`${leases}/another`)).toMatchObject({ reason: 'denied' });
  });
});
