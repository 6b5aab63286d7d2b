// What it costs to judge 1,000 nodes as one, while nothing happens but what always does: hayward controller as it is shipped, on a real API
// server that writes down every request. The nodes are objects: each guard renews its Lease once a minute, each kubelet its Node's status
// every five and its own Lease, all spread over that time as they are in life. Needs a built dist/ and what the kube tests need. HAYWARD_BENCH_NODES and
// HAYWARD_BENCH_SECONDS make it smaller, to try it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bundledLab } from './kube-lab.mjs';
import { figure } from './measure.mjs';
import { startHaywardController, stop, toldBy } from './networks-kept.mjs';

const NODES = Number(process.env.HAYWARD_BENCH_NODES ?? 1000);
/** Some looks of status are in it. */
const SECONDS = Number(process.env.HAYWARD_BENCH_SECONDS ?? 180);
const RENEW_S = 60;
const NODE_STATUS_S = 300;
/** A kubelet does every ten seconds; nobody watches that, and so often it is not called stale. */
const NODE_LEASE_S = 30;
/** The kubelet tells of so many images at most (kubelet --node-status-max-images), which is most of a Node. */
const IMAGES = 50;
const AT_ONCE = 16;
/** USER_HZ of Linux on every architecture Node runs on: the unit of /proc/PID/stat. */
const TICKS_PER_SECOND = 100;
const LAB = `
export { apiServer } from './api-server.ts';
export { auditLog } from './audit.ts';
export { applyManifest } from './manifests.ts';
export { node, pod, rollout } from './small-objects.ts';
export { connectionFor } from '../../src/cluster/client/testing/connection.ts';
export { heartbeatBody, heartbeatPath } from '../../src/fleet/heartbeat.ts';
export { NODE_REPORTS, nodeReportBody, reportOf } from '../../src/fleet/node-report.ts';
`;
const SETUP = { manager: 'lab', force: true };
const root = fileURLToPath(new URL('..', import.meta.url));

const nameOf = (index) => `node-${index}`;

async function must(writing) {
  const written = await writing;
  if (written.kind !== 'done') throw new Error(`${written.kind}: ${written.detail}`);
  return written.object;
}

async function pooled(count, work) {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** A Node as a kubelet has it. */
async function putNode(lab, admin, index) {
  const name = nameOf(index);
  const { metadata, spec, status } = lab.node(name, index % 250);
  const images = Array.from({ length: IMAGES }, (_, image) => ({
    names: [
      `registry.example/library/image-${image}@sha256:${String(image).padStart(64, 'a')}`,
      `registry.example/library/image-${image}:v1.${image}.0`,
    ],
    sizeBytes: 100_000_000 + image,
  }));
  const about = { apiVersion: 'v1', kind: 'Node' };
  const made = await must(admin.create('/api/v1/nodes', { ...about, metadata, spec, status: { ...status, images } }));
  await must(admin.merge(`/api/v1/nodes/${name}`, { spec: { taints: null } }));
  await renewNode(admin, name);
  return made.metadata.uid;
}

function renewNode(admin, name) {
  const path = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`;
  const renewTime = new Date().toISOString().replace('Z', '000Z');
  const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime };
  const about = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name } };
  return must(admin.apply(path, { ...about, spec }, SETUP));
}

/** What every node has a Pod of, and what each look has to look at. */
async function putCanal(lab, admin) {
  const { status, ...daemonset } = lab.rollout('DaemonSet', 'rke2-canal', NODES);
  const path = '/apis/apps/v1/namespaces/kube-system/daemonsets';
  await must(admin.create(path, { apiVersion: 'apps/v1', kind: 'DaemonSet', ...daemonset }));
  await must(admin.merge(`${path}/rke2-canal/status`, { status: { ...status, observedGeneration: 1 } }));
  await pooled(NODES, async (index) => {
    const { status: ready, ...pod } = lab.pod('rke2-canal', index, nameOf(index));
    const pods = '/api/v1/namespaces/kube-system/pods';
    await must(admin.create(pods, { apiVersion: 'v1', kind: 'Pod', ...pod }));
    await must(admin.merge(`${pods}/${pod.metadata.name}/status`, { status: ready }));
  });
}

function reportBody(lab, name, uid) {
  const settings = Object.fromEntries(
    Array.from({ length: 24 }, (_, key) => [`net.ipv4.conf.eth${key}.rp_filter`, '0']),
  );
  const report = lab.reportOf({
    node: name,
    version: '0.1.0',
    takenAt: new Date().toISOString(),
    profile: 'rke2-canal',
    launch: 'launched',
    facts: { kernel: '6.4.0', kubernetes: 'v1.33.4+rke2r1', os: 'SLE Micro 5.5', cni: 'canal' },
    settings,
    unseen: {},
    findings: [],
    guard: { enforce: 'kernel', keys: 24, held: 24, contested: 0, conflicts: 0, paused: false },
  });
  return lab.nodeReportBody(report, uid);
}

/** Does something for each node once in so many seconds, one after the other, until it is ended; tells how often it did. */
async function each(seconds, work, signal) {
  let done = 0;
  const begun = performance.now();
  while (!signal.aborted) {
    await work(done % NODES);
    done++;
    const dueMs = begun + (done * seconds * 1000) / NODES;
    await wait(Math.max(0, dueMs - performance.now()), undefined, { signal }).catch(() => undefined);
  }
  return done;
}

/** Seconds of processor that a process has used, user and system. */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** e.g. `watch leases 3, list nodes 2`. */
function byKind(requests) {
  const counts = new Map();
  for (const { verb, resource } of requests) {
    const key = `${verb} ${resource}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 6)
    .map(([key, count]) => `${key} ${count}`)
    .join(', ');
}

async function measure(lab, server, audit, signal) {
  const admin = await lab.connectionFor(server.admin.kubeconfig);
  for (const file of ['networks/crds.yaml', 'controller/crds.yaml'])
    await lab.applyManifest(admin, join(root, 'deploy', file));
  await must(
    admin.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'hayward' } }),
  );
  const uids = [];
  const beat = (index) => {
    const name = nameOf(index);
    return must(admin.apply(lab.heartbeatPath(name), lab.heartbeatBody(name, uids[index], new Date()), SETUP));
  };
  await pooled(NODES, async (index) => {
    uids[index] = await putNode(lab, admin, index);
    const name = nameOf(index);
    await must(admin.apply(`${lab.NODE_REPORTS.path}/${name}`, reportBody(lab, name, uids[index]), SETUP));
    await beat(index);
  });
  await putCanal(lab, admin);
  const lives = [
    each(RENEW_S, beat, signal),
    each(NODE_LEASE_S, (index) => renewNode(admin, nameOf(index)), signal),
    each(
      NODE_STATUS_S,
      (index) => {
        const lastHeartbeatTime = new Date().toISOString().replace(/\.\d+Z/, 'Z');
        const patch = { status: { conditions: [{ type: 'Ready', lastHeartbeatTime }] } };
        return must(
          admin.merge(`/api/v1/nodes/${nameOf(index)}/status`, patch, { strategic: true, manager: 'kubelet' }),
        );
      },
      signal,
    ),
  ];
  const { name: user, kubeconfig } = await controllerUser(server);
  const controller = startHaywardController(kubeconfig, 'first');
  // Each Node has its condition, and the report says that all are well.
  await toldBy(controller, '"judging"');
  await conditionsWritten(admin);
  // What its beginning left behind is collected.
  await wait(Math.min(30_000, SECONDS * 250));
  const before = (await requestsOf(audit, user)).length;
  const begun = performance.now();
  const beganAt = cpuSeconds(controller.pid);
  await wait(SECONDS * 1000);
  const cpu = cpuSeconds(controller.pid) - beganAt;
  const seconds = (performance.now() - begun) / 1000;
  const requests = (await requestsOf(audit, user)).slice(before);
  const peakKiB = Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${controller.pid}/status`, 'utf8'))[1]);
  const report = (await admin.json('/apis/hayward.internal/v1alpha1/clusterreports/cluster')).value.status;
  if (report.nodes.healthy !== NODES) throw new Error(`not all are healthy: ${JSON.stringify(report.nodes)}`);
  await stop(controller);
  return { cpu, seconds, requests, peakKiB, verdict: report.verdict, lives: Promise.all(lives), admin };
}

/** One whose requests can be told from the bench's own; of the administrators, for rights cost the same. */
async function controllerUser(server) {
  const name = 'hayward-controller';
  return { name, kubeconfig: (await server.user({ name, groups: ['system:masters'] })).kubeconfig };
}

async function requestsOf(audit, name) {
  return (await audit.read()).filter(({ user }) => user === name);
}

async function conditionsWritten(admin) {
  for (;;) {
    const { items } = (await admin.json('/api/v1/nodes')).value;
    if (items.every(({ status }) => status.conditions.some(({ type }) => type === 'HaywardNetworkProblem'))) return;
    await wait(1_000);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'hayward-bench-'));
const end = new AbortController();
let server;
let audit;
try {
  const lab = await bundledLab(folder, LAB);
  audit = await lab.auditLog();
  server = await lab.apiServer({ arguments: audit.arguments });
  const { cpu, seconds, requests, peakKiB, verdict, lives, admin } = await measure(lab, server, audit, end.signal);
  end.abort();
  const [beats] = await lives;
  admin.close();
  const size = `${NODES} nodes, ${Math.round(seconds)} s, ${verdict}`;
  figure({
    name: 'controller, share of a core in steady state',
    value: (100 * cpu) / seconds,
    unit: '%',
    atMost: 2,
    note: `${size}; ${cpu.toFixed(2)} s of processor; ${beats} renewals since the beginning`,
  });
  const ofLease = requests.filter(({ resource, name }) => resource === 'leases' && name === 'hayward-networks');
  figure({
    name: 'controller, requests a minute',
    value: (60 * requests.length) / seconds,
    unit: 'requests',
    atMost: 150,
    note: `${size}; ${ofLease.length} to keep its own Lease; ${byKind(requests)}`,
  });
  figure({
    name: 'controller, writes a minute that are not its Lease',
    value: (60 * requests.filter(isWrite).length) / seconds,
    unit: 'requests',
    atMost: 1,
    note: byKind(requests.filter(isWrite)),
  });
  figure({ name: 'controller, peak memory', value: peakKiB / 1024, unit: 'MiB', atMost: 250, note: size });
} finally {
  end.abort();
  await server?.dispose();
  await audit?.remove();
  rmSync(folder, { recursive: true, force: true });
}

/** Reviews are posted, and stored nowhere. */
function isWrite({ verb, resource, name }) {
  const isRead = ['get', 'list', 'watch'].includes(verb) || resource.startsWith('selfsubject');
  return !isRead && name !== 'hayward-networks';
}
