import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiServer, type LabApiServer } from '../../lab/kube/api-server.ts';
import { type Audit, auditLog } from '../../lab/kube/audit.ts';
import { expectExactly } from '../../lab/kube/granted.ts';
import { applyManifest, manifestObjects } from '../../lab/kube/manifests.ts';
import { type ServerRoom, serverRoom } from '../../lab/kube/server-room.ts';
import { serviceAccountKubeconfig } from '../../lab/kube/service-account.ts';
import { putNode } from '../../lab/kube/vm-networks.ts';
import type { KubeConnection } from '../../src/cluster/client/connection.ts';
import { connectionFor } from '../../src/cluster/client/testing/connection.ts';
import { eventually } from '../../src/cluster/client/testing/eventually.ts';
import { heartbeatBody, heartbeatPath } from '../../src/fleet/heartbeat.ts';
import {
  NODE_REPORTS,
  type NodeJudgement,
  type NodeReport,
  nodeReportBody,
  nodeReportOf,
  REPORTER,
  reportOf,
} from '../../src/fleet/node-report.ts';
import type { RunningGuard } from '../../test/guard/running-guard.ts';
import {
  ACCOUNT,
  guardIn,
  judgement,
  KEY,
  nodeBoundKubeconfig,
  type ReportingLoop,
  reportingLoop,
  setKey,
} from './reporting-bed.ts';

/** A guard that reports, with the rights its manifest gives it, at a real API server. */

const HERE = fileURLToPath(new URL('.', import.meta.url));
const RBAC = `${HERE}rbac.yaml`;

let audit: Audit;
let room: ServerRoom;
let server: LabApiServer;
let admin: KubeConnection;
let folder: string;
const undo: (() => unknown)[] = [];

beforeAll(async () => {
  audit = await auditLog();
  room = await serverRoom();
  server = await apiServer({ room, arguments: audit.arguments });
  admin = await connectionFor(server.admin.kubeconfig);
  await applyManifest(admin, `${HERE}../controller/crds.yaml`);
  await applyManifest(admin, RBAC);
  for (const name of ['node-1', 'node-2', 'node-3']) await putNode(admin, name);
  folder = await mkdtemp(join(tmpdir(), 'hayward-reporting-'));
});
afterAll(async () => {
  for (const step of undo.toReversed()) await step();
  admin?.close();
  await server?.dispose();
  await room?.dispose();
  await audit?.remove();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const asNode = (node: string) => serviceAccountKubeconfig(server, { namespace: 'hayward', name: ACCOUNT, node });

async function as(kubeconfig: string): Promise<KubeConnection> {
  const client = await connectionFor(kubeconfig);
  undo.push(() => client.close());
  return client;
}

async function stored(node: string): Promise<NodeReport | undefined> {
  const read = await admin.json(`${NODE_REPORTS.path}/${node}`);
  return read.known ? nodeReportOf(read.value as never) : undefined;
}

/** What was done to an object so far, as `verb status`. */
async function done(resource: string, name: string): Promise<readonly string[]> {
  const own = (await audit.read()).filter((one) => one.resource === resource && one.name === name);
  return own.filter(({ user }) => user.endsWith(`:${ACCOUNT}`)).map(({ verb, status }) => `${verb} ${status}`);
}

function guardFor(node: string, kubeconfig: string): RunningGuard {
  const guard = guardIn(room, { folder, node, kubeconfig });
  undo.push(() => guard.end('SIGKILL'));
  return guard;
}

async function reporting(node: string): Promise<ReportingLoop> {
  const loop = reportingLoop(node, await asNode(node));
  undo.push(loop.end);
  return loop;
}

describe('a guard with --report-to-cluster', () => {
  it('writes what it found once, not again at each judgement, and is not disturbed by an API server that is away', async () => {
    await setKey(room, '1');
    const guard = guardFor('node-1', await asNode('node-1'));
    await guard.ready();
    await eventually(() => stored('node-1')).toMatchObject({
      node: 'node-1',
      settings: { [KEY]: '1' },
      guard: { enforce: 'poll', held: 1, paused: false },
    });
    await eventually(async () => (await guard.status()).report).toMatchObject({ node: 'node-1', trouble: null });

    for (let rounds = 0; rounds < 3; rounds++) {
      const before = (await guard.status()).judged?.at;
      process.kill(guard.pid, 'SIGHUP');
      await eventually(async () => (await guard.status()).judged?.at).not.toBe(before);
    }
    await setKey(room, '0');
    await guard.told('repaired', KEY);
    expect(await done('nodereports', 'node-1')).toEqual(['get 404', 'patch 201']);

    await guard.post('/v1/pause?ms=600000');
    await eventually(async () => (await stored('node-1'))?.guard.paused).toBe(true);
    await server.kill();
    await guard.post('/v1/pause?ms=0');
    await eventually(async () => (await guard.status()).report?.trouble?.kind).toBe('failed');
    expect(await guard.metrics()).toContain('hayward_guard_reporting 0');
    const repairs = (await guard.key(KEY)).repairs;
    await setKey(room, '0');
    await eventually(async () => (await guard.key(KEY)).repairs).toBe(repairs + 1);
    expect(await guard.told('report-trouble')).toMatchObject({ node: 'node-1', trouble: 'failed' });

    await server.start();
    await eventually(async () => (await stored('node-1'))?.guard.paused).toBe(false);
    await eventually(() => guard.metrics()).toContain('hayward_guard_reporting 1');
    await eventually(() => guard.events.map(({ type }) => type).filter((type) => type.startsWith('report'))).toEqual([
      'reporting',
      'report-trouble',
      'reporting',
    ]);
    const patches = await done('nodereports', 'node-1');
    expect(patches.filter((one) => one.startsWith('patch 2'))).toHaveLength(3);
    expect(await done('leases', 'hayward-guard-node-1')).toContain('patch 201');
    expect(await guard.end()).toBe(0);
  });

  it('needs just what its manifest grants', async () => {
    await expectExactly({ audit, manifest: RBAC, account: ACCOUNT });
  });
});

describe('reporting', () => {
  it('asks nothing of the API server while nothing changes but the time, other than that its Lease stands', async () => {
    await putNode(admin, 'node-6');
    const node = await reporting('node-6');
    await eventually(() => stored('node-6')).toMatchObject({ profile: 'generic' });
    for (let second = 10; second < 60; second += 10) {
      node.say({ takenAt: `2026-11-21T10:00:${second}.000Z` });
      const before = node.looks();
      await eventually(node.looks).toBeGreaterThan(before + 5);
    }
    const patches = async () => (await done('nodereports', 'node-6')).filter((one) => one.startsWith('patch'));
    expect(await patches()).toEqual(['patch 201']);
    node.say({ profile: 'harvester' });
    await eventually(() => stored('node-6')).toMatchObject({ profile: 'harvester' });
    expect(await patches()).toEqual(['patch 201', 'patch 200']);
    const beats = await done('leases', 'hayward-guard-node-6');
    expect(beats.filter((one) => one !== 'patch 200')).toEqual(['patch 201']);
    expect(beats.length).toBeGreaterThan(2);
    await node.end();
  });

  it('begins anew where its Node was made anew, and where somebody took away or changed what it said', async () => {
    const path = `${NODE_REPORTS.path}/node-2`;
    const node = await reporting('node-2');
    const owner = async (of: string) => {
      const read = await admin.json(of);
      const { metadata } = (read.known ? read.value : {}) as { metadata?: { ownerReferences?: { uid: string }[] } };
      return metadata?.ownerReferences?.map(({ uid }) => uid);
    };
    const uid = async () => {
      const read = await admin.json('/api/v1/nodes/node-2');
      return read.known ? [(read.value as { metadata: { uid: string } }).metadata.uid] : [];
    };
    const first = await uid();
    await eventually(() => owner(path)).toEqual(first);
    await eventually(() => owner(heartbeatPath('node-2'))).toEqual(first);

    // As Kubernetes' garbage collector does once a Node is gone.
    await admin.remove('/api/v1/nodes/node-2');
    await putNode(admin, 'node-2');
    const second = await uid();
    await admin.remove(path);
    await admin.remove(heartbeatPath('node-2'));
    await eventually(() => owner(path)).toEqual(second);
    await eventually(() => owner(heartbeatPath('node-2'))).toEqual(second);

    await admin.remove(path);
    await eventually(() => owner(path)).toEqual(second);
    await admin.merge(path, { status: { profile: 'harvester' } });
    await eventually(async () => (await stored('node-2'))?.profile).toBe('generic');
    node.say({ profile: 'rke2-canal' });
    await eventually(async () => (await stored('node-2'))?.profile).toBe('rke2-canal');
    await node.end();
    expect(node.changes.map(({ trouble }) => trouble)).toEqual([null]);
  });

  it('says what is missing, and goes on once it is there', async () => {
    const node = await reporting('node-4');
    await eventually(node.trouble).toBe('no-node');
    await putNode(admin, 'node-4');
    await eventually(() => stored('node-4')).toMatchObject({ node: 'node-4' });
    const definition = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/nodereports.hayward.internal';
    await admin.remove(definition);
    await eventually(() => admin.json(NODE_REPORTS.path)).toMatchObject({ reason: 'absent' });
    node.say({ profile: 'harvester' });
    await eventually(node.trouble).toBe('no-kind');
    await applyManifest(admin, `${HERE}../controller/crds.yaml`);
    await eventually(() => stored('node-4')).toMatchObject({ profile: 'harvester' });
    const binding = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/hayward-guard';
    await admin.remove(binding);
    await eventually(node.trouble).toBe('denied');
    await applyManifest(admin, RBAC);
    await eventually(node.trouble).toBeUndefined();
    await node.end();
    expect(node.changes.map(({ trouble }) => trouble?.kind)).toEqual([
      'no-node',
      undefined,
      'no-kind',
      undefined,
      'denied',
      undefined,
    ]);
  });
});

describe('the kind', () => {
  it('takes the largest and worst report there can be, gives it back as it was, and shows it in a row', async () => {
    const long = '\u{1F989}\u202e\u001b[2J'.repeat(1_000);
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`${at}${long}`, long]));
    const unknown = { reason: 'failed', detail: long } as const;
    const findings = Array.from({ length: 200 }, (_, at) => ({
      problem: `${at}${long}`,
      subject: long,
      status: at % 2 === 0 ? 'problem' : 'unknown',
      severity: 'critical',
      phase: 'flapping',
      title: long,
      cause: long,
      unknown,
    })) as NodeJudgement['findings'];
    const more = { findings, facts: many(300), settings: many(300), profile: long, version: long };
    const report = reportOf(judgement('node-3', more));
    const path = `${NODE_REPORTS.path}/node-3`;
    const written = await admin.apply(path, nodeReportBody(report, 'uid'), { manager: REPORTER, force: true });
    expect(written).toMatchObject({ kind: 'done' });
    expect(await stored('node-3')).toEqual(report);
    // A sixth of what etcd takes in one request (1.5 MiB).
    expect(Buffer.byteLength(JSON.stringify(written))).toBeLessThan(250_000);
    const table = await admin.json(path, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    expect(table).toMatchObject({
      value: {
        columnDefinitions: ['Name', 'Profile', 'Problems', 'Worst', 'Agent', 'Changed', 'Age'].map((name) => ({
          name,
        })),
        rows: [
          {
            cells: [
              'node-3',
              report.profile,
              100,
              'critical',
              report.agent.version,
              expect.anything(),
              expect.anything(),
            ],
          },
        ],
      },
    });
    await admin.remove(path);
  });
});

describe('who may report', () => {
  const force = { manager: REPORTER, force: true } as const;
  const report = (who: KubeConnection, node: string) =>
    who.apply(`${NODE_REPORTS.path}/${node}`, nodeReportBody(reportOf(judgement(node)), 'uid'), force);
  const live = (who: KubeConnection, node: string) =>
    who.apply(heartbeatPath(node), heartbeatBody(node, 'uid', new Date()), force);
  const refused = { kind: 'denied', detail: expect.stringContaining('a guard reports of its own node alone') };

  it('is a guard of its own node, by the token of its Pod or one bound to its Node, and of no other', async () => {
    for (const kubeconfig of [await asNode('node-3'), await nodeBoundKubeconfig(server, { folder, node: 'node-3' })]) {
      const guard = await as(kubeconfig);
      expect(await report(guard, 'node-3')).toMatchObject({ kind: 'done' });
      expect(await live(guard, 'node-3')).toMatchObject({ kind: 'done' });
      // The API server takes in a new policy some moments after it is stored.
      await eventually(() => report(guard, 'node-1')).toMatchObject(refused);
      expect(await live(guard, 'node-1')).toMatchObject(refused);
    }
    const nowhere = await as(await serviceAccountKubeconfig(server, { namespace: 'hayward', name: ACCOUNT }));
    expect(await report(nowhere, 'node-3')).toMatchObject(refused);
  });

  it('neither takes the Lease by which others lead, nor sees or takes away anything else', async () => {
    const guard = await as(await asNode('node-5'));
    const leases = '/apis/coordination.k8s.io/v1/namespaces/hayward/leases';
    const { metadata: _, ...lease } = heartbeatBody('node-5', 'uid', new Date());
    const leader = {
      ...lease,
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'hayward-networks' },
    };
    expect(await guard.apply(`${leases}/hayward-networks`, leader, force)).toMatchObject(refused);
    expect(await guard.remove(`${NODE_REPORTS.path}/node-3`)).toMatchObject({ kind: 'denied' });
    for (const path of ['/api/v1/nodes', '/api/v1/secrets', NODE_REPORTS.path, leases]) {
      expect(await guard.json(path)).toMatchObject({ reason: 'denied' });
    }
  });

  it("is not the kubelet, whatever RBAC grants it: NodeRestriction gives it no Lease but its Node's own", async () => {
    const kubelet = await as((await server.node('node-3')).kubeconfig);
    expect(await report(kubelet, 'node-3')).toMatchObject({ kind: 'denied' });
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:nodes' }];
    for (const [kind, path, namespace] of [
      ['ClusterRole', `${rbac}/clusterrolebindings`, undefined],
      ['Role', `${rbac}/namespaces/hayward/rolebindings`, 'hayward'],
    ] as const) {
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind, name: ACCOUNT };
      const metadata = { name: 'kubelets', ...(namespace && { namespace }) };
      const body = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: `${kind}Binding`, metadata, roleRef, subjects };
      expect(await admin.create(path, body)).toMatchObject({ kind: 'done' });
    }
    await eventually(() => report(kubelet, 'node-3')).toMatchObject({ kind: 'done' });
    await eventually(async () => (await live(kubelet, 'node-3')) as { detail?: string }).toMatchObject({
      kind: 'denied',
      detail: expect.stringContaining('can only access leases in the "kube-node-lease" system namespace'),
    });
  });
});

describe('the DaemonSets', () => {
  it.each(['daemonset.yaml', 'daemonset-reporting.yaml'])('%s is taken as it is', async (file) => {
    await applyManifest(admin, `${HERE}${file}`);
    const sets = (await manifestObjects(`${HERE}${file}`)).filter(({ kind }) => kind === 'DaemonSet');
    expect(sets).toMatchObject([{ spec: { template: { spec: { serviceAccountName: ACCOUNT } } } }]);
  });
});
