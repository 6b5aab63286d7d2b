import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiServer, type LabApiServer } from '../../lab/kube/api-server.ts';
import { type Audit, auditLog } from '../../lab/kube/audit.ts';
import { deniedOf, grantsOf, roleGrants, usesOf } from '../../lab/kube/granted.ts';
import { applyManifest, manifestObjects } from '../../lab/kube/manifests.ts';
import { serviceAccountKubeconfig } from '../../lab/kube/service-account.ts';
import { type SmallCluster, smallCluster } from '../../lab/kube/small-cluster.ts';
import { connected, defineAttachments, playAgents, putAttachment } from '../../lab/kube/vm-networks.ts';
import type { KubeConnection } from '../../src/cluster/client/connection.ts';
import { type FoundKubeconfig, findKubeconfig } from '../../src/cluster/client/find-kubeconfig.ts';
import { connectionFor } from '../../src/cluster/client/testing/connection.ts';
import { eventually } from '../../src/cluster/client/testing/eventually.ts';
import { collectCluster } from '../../src/cluster/collect/collect.ts';
import { RUN_LABELS } from '../../src/dataplane/run-namespace.ts';
import { runHaywardController } from '../../src/fleet/controller/run.ts';
import { makeFleetTally } from '../../src/fleet/controller/tally.ts';
import { heartbeatBody, heartbeatPath } from '../../src/fleet/heartbeat.ts';
import { type JudgedFinding, NODE_REPORTS, nodeReportBody, reportOf } from '../../src/fleet/node-report.ts';
import { ATTACHMENTS, NODE_PROBES, VM_NETWORKS } from '../../src/vm-networks/cluster/model.ts';
import { namespacedPath, vmNetworkReportOf } from '../../src/vm-networks/cluster/objects.ts';
import { makeTally } from '../../src/vm-networks/controller/tally.ts';

/** What `hayward controller` and `hayward status` do at a real API server with what their manifests grant, and no more. */

const DEPLOY = fileURLToPath(new URL('../', import.meta.url));
const RBAC = `${DEPLOY}controller/rbac.yaml`;
const SWEEP = `${DEPLOY}controller/sweep.yaml`;
const STATUS = `${DEPLOY}status/rbac.yaml`;
const ACCOUNT = 'hayward-controller';
const USER = `system:serviceaccount:hayward:${ACCOUNT}`;
const NETWORK = { namespace: 'default', name: 'vlan-100' };
const SETUP = { manager: 'lab', force: true } as const;
/** Whom every authenticated user may ask for itself (system:basic-user). */
const REVIEWS = new Set(['create selfsubjectreviews', 'create selfsubjectaccessreviews']);
const OFF: JudgedFinding = {
  problem: 'ip-forward',
  subject: '',
  status: 'problem',
  severity: 'critical',
  title: 'Forwarding is off',
  cause: 'net.ipv4.ip_forward is 0',
};

let audit: Audit;
let server: LabApiServer;
let admin: KubeConnection;
let cluster: SmallCluster;
const opened: KubeConnection[] = [];

beforeAll(async () => {
  audit = await auditLog();
  server = await apiServer({ arguments: audit.arguments });
  admin = await connectionFor(server.admin.kubeconfig);
  for (const file of [`${DEPLOY}networks/crds.yaml`, `${DEPLOY}controller/crds.yaml`, RBAC, SWEEP, STATUS])
    await applyManifest(admin, file);
  await defineAttachments(admin);
  cluster = await smallCluster(server, '127.0.77.1');
});
afterAll(async () => {
  for (const client of [admin, ...opened]) client?.close();
  await server?.dispose();
  await audit?.remove();
});

async function openedAs(kubeconfig: string): Promise<{ client: KubeConnection; found: FoundKubeconfig; path: string }> {
  const client = await connectionFor(kubeconfig);
  opened.push(client);
  const found = await findKubeconfig({ option: kubeconfig });
  if (!found.known) throw new Error(found.detail);
  return { client, found: found.value, path: kubeconfig };
}

const asControllerOn = async (node: string) =>
  openedAs(await serviceAccountKubeconfig(server, { namespace: 'hayward', name: ACCOUNT, node }));

async function uidOf(node: string): Promise<string> {
  const read = await admin.json(`/api/v1/nodes/${node}`);
  return ((read.known ? read.value : {}) as { metadata: { uid: string } }).metadata.uid;
}

/** What a node's guard writes: that it lives, and what it found. */
async function guardSays(node: string, findings: readonly JudgedFinding[] = []): Promise<void> {
  const uid = await uidOf(node);
  const report = reportOf({
    node,
    version: '1',
    takenAt: '2026-11-21T10:00:00.000Z',
    profile: 'harvester',
    launch: 'launched',
    facts: {},
    settings: {},
    unseen: {},
    findings,
    guard: { enforce: 'poll', keys: 0, held: 0, contested: 0, conflicts: 0, paused: false },
  });
  for (const writing of [
    admin.apply(`${NODE_REPORTS.path}/${node}`, nodeReportBody(report, uid), SETUP),
    admin.apply(heartbeatPath(node), heartbeatBody(node, uid, new Date()), SETUP),
  ]) {
    expect(await writing).toMatchObject({ kind: 'done' });
  }
}

async function conditionOn(node: string): Promise<string | undefined> {
  const read = await admin.json(`/api/v1/nodes/${node}`);
  const { status } = (read.known ? read.value : {}) as { status?: { conditions?: { type: string; status: string }[] } };
  return status?.conditions?.find(({ type }) => type === 'HaywardNetworkProblem')?.status;
}

const usesNow = async (user: string) => {
  const all = await usesOf(audit, user);
  return new Set([...all].filter((use) => !REVIEWS.has(use)));
};

/** A webhook, for what stands behind it to be looked at; it is called for nothing that is made here. */
async function putWebhook(): Promise<void> {
  const hook = {
    name: 'webhook.hayward.test',
    clientConfig: { service: { namespace: 'harvester-system', name: 'harvester-webhook', path: '/', port: 443 } },
    rules: [{ apiGroups: ['hayward.test'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nothing'] }],
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
  };
  const configurations = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
  await cluster.put(`${configurations}/hayward-test`, {
    metadata: { name: 'hayward-test' },
    webhooks: [hook],
  } as never);
}

describe('what the manifests grant', () => {
  it('is what a look of hayward status asks, no less and no more', async () => {
    await putWebhook();
    const reader = await server.user({ name: 'reader' });
    const binding = {
      metadata: { name: 'reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'hayward-status' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'reader' }],
    };
    await cluster.put('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/reader', binding as never);
    const { client, found, path } = await openedAs(reader.kubeconfig);
    await eventually(() => client.json('/api/v1/nodes')).toMatchObject({ known: true });
    expect(await client.text('/metrics')).toMatchObject({ known: true });
    const before = await deniedOf(audit, 'reader');
    expect(await collectCluster(client, { found, path })).toMatchObject({ nodes: { known: true } });
    expect(await deniedOf(audit, 'reader')).toEqual(before);
    expect(await usesNow('reader')).toEqual(await roleGrants(STATUS, 'hayward-status'));
  });

  it('is what a controller uses in its life, no less and no more', async () => {
    const stop = new AbortController();
    const refused: unknown[] = [];
    for (const node of cluster.nodes) await guardSays(node);
    const run = {
      name: 'hayward-run',
      labels: RUN_LABELS,
      annotations: { 'hayward.internal/expires': '2026-01-01T00:00:00Z' },
    };
    await cluster.put('/api/v1/namespaces/hayward-run', { metadata: run });
    const { client, found, path } = await asControllerOn('node-1');
    const controller = runHaywardController({
      client,
      found,
      path,
      namespace: 'hayward',
      name: 'replica-1',
      settings: { nodeConditions: 'on', statusEveryMs: 5_000 },
      networks: { settings: { everyMs: 300_000, defaultRoute: 'auto' }, tell: () => undefined, tally: makeTally() },
      tell: (told) => void (told.type === 'refused' && refused.push(told)),
      tally: makeFleetTally(),
      signal: stop.signal,
    });
    await eventually(() => conditionOn('node-2')).toBe('False');
    // The same word for the second time within minutes is a series on the Event that told it first.
    for (const round of ['True', 'False', 'True', 'False']) {
      await guardSays('node-2', round === 'True' ? [OFF] : []);
      await eventually(() => conditionOn('node-2')).toBe(round);
    }
    const agents = playAgents(admin, () => connected(), stop.signal);
    await putAttachment(admin, {
      ...NETWORK,
      route: '{"mode":"manual","cidr":"172.16.0.0/24","gateway":"172.16.0.1"}',
    });
    await eventually(async () => {
      const read = await admin.json(namespacedPath(VM_NETWORKS, NETWORK));
      return read.known ? vmNetworkReportOf(read.value as never)?.conditions : [];
    }).toMatchObject([{ status: 'True' }, { type: 'HarvesterAgrees', status: 'True' }]);
    await admin.remove('/api/v1/nodes/node-3');
    await eventually(() => admin.json(`${NODE_PROBES.path}/node-3`)).toMatchObject({ reason: 'absent' });
    await admin.remove(namespacedPath(ATTACHMENTS, NETWORK));
    await eventually(() => admin.json(namespacedPath(VM_NETWORKS, NETWORK))).toMatchObject({ reason: 'absent' });
    const granted = new Set([...(await grantsOf(RBAC, ACCOUNT)), ...(await grantsOf(SWEEP, ACCOUNT))]);
    await eventually(async () => {
      const used = await usesNow(USER);
      return [...granted].filter((one) => !used.has(one));
    }).toEqual([]);
    stop.abort();
    expect(await controller).toEqual({ kind: 'ended' });
    await agents.ended;
    expect(await deniedOf(audit, USER)).toEqual([]);
    expect(await usesNow(USER)).toEqual(granted);
    expect(refused).toEqual([]);
  });

  it('lets a controller delete no namespace but that of a run, and none without the policy; nor write a report of a node', async () => {
    expect([...(await grantsOf(RBAC, ACCOUNT))].filter((one) => one.endsWith(' namespaces'))).toEqual([]);
    const { client } = await asControllerOn('node-2');
    for (const name of ['hayward', 'harvester-system']) {
      expect(await client.remove(`/api/v1/namespaces/${name}`)).toMatchObject({
        kind: 'denied',
        detail: expect.stringContaining('only a namespace that a run of hayward dataplane made is deleted'),
      });
    }
    expect(await client.merge(`${NODE_REPORTS.path}/node-1`, { status: {} })).toMatchObject({ kind: 'denied' });
    expect(await client.merge('/api/v1/nodes/node-1', { spec: { unschedulable: true } })).toMatchObject({
      kind: 'denied',
    });
    for (const path of ['/api/v1/secrets', '/api/v1/configmaps', '/api/v1/namespaces/default/pods/a/log']) {
      expect(await client.json(path)).toMatchObject({ reason: 'denied' });
    }
  });

  it('is for the account that the Deployment names, which the API server takes as it is', async () => {
    await applyManifest(admin, `${DEPLOY}controller/controller.yaml`);
    const [deployment] = await manifestObjects(`${DEPLOY}controller/controller.yaml`);
    expect(deployment).toMatchObject({ spec: { template: { spec: { serviceAccountName: ACCOUNT } } } });
  });
});
