// What keeping 1,000 VM networks true costs the API server, and how soon a network that is applied has its true state. A real API
// server that writes down every request; hayward networks controller as it is shipped, with the identity and the rights its manifests
// give it; the agents' own code with probes that find all well at once, so that the time is theirs and the controller's. Needs a built
// dist/ and what the kube tests need. HAYWARD_BENCH_NETWORKS makes it smaller, to try it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bundledLab } from './kube-lab.mjs';
import { figure, median } from './measure.mjs';
import { leading, startController, stop, watchStates } from './networks-kept.mjs';

const NETWORKS = Number(process.env.HAYWARD_BENCH_NETWORKS ?? 1000);
const NODES = ['node-1', 'node-2', 'node-3'];
/** Networks that are applied one after the other, to see how long each takes. */
const SINGLE = 20;
const USERS = 'system:serviceaccount:hayward:hayward-networks-';
/** What a probe finds of a network that has DHCP and a gateway. */
const MAC = '02:00:00:00:00:01';
const FOUND = {
  outcome: { state: 'active', reason: 'ok', lossPercent: 0 },
  facts: {
    cidr: '172.16.0.0/24',
    gateway: '172.16.0.1',
    offers: [{ server: '172.16.0.1', mac: MAC, afterMs: 5 }],
    arp: { macs: [MAC] },
  },
};
const LAB = `
export { apiServer } from './api-server.ts';
export { auditLog } from './audit.ts';
export { applyManifest } from './manifests.ts';
export { serviceAccountKubeconfig } from './service-account.ts';
export { defineAttachments, putAttachment, putNode } from './vm-networks.ts';
export { runAgent } from '../../src/vm-networks/agent/agent.ts';
export { connectionFor } from '../../src/cluster/client/testing/connection.ts';
export { inform } from '../../src/cluster/client/informer.ts';
`;
const root = fileURLToPath(new URL('..', import.meta.url));

const vlan = (index) => 1 + (index % 4000);

/** Requests of the controller and of the agents, without the renewals of the lease, which are as many as time goes by. */
async function requestsOf(audit) {
  const all = (await audit.read()).filter(({ user, resource }) => user.startsWith(USERS) && resource !== 'leases');
  const refused = all.filter(({ status }) => status >= 400 && status < 500);
  if (refused.length > 0) throw new Error(`refused: ${JSON.stringify(refused.slice(0, 3))}`);
  return all;
}

async function measure(lab, server, audit, signal) {
  const admin = await lab.connectionFor(server.admin.kubeconfig);
  for (const file of ['crds.yaml', 'rbac.yaml']) await lab.applyManifest(admin, join(root, 'deploy/networks', file));
  await lab.defineAttachments(admin);
  for (const node of NODES) await lab.putNode(admin, node);
  const account = (name, node) => lab.serviceAccountKubeconfig(server, { namespace: 'hayward', name, node });
  const agents = [];
  for (const node of NODES) {
    const client = await lab.connectionFor(await account('hayward-networks-agent', node));
    const own = AbortSignal.any([signal]);
    const agent = lab.runAgent({ client, node, probe: async () => FOUND, tell: () => undefined, signal: own });
    agents.push(agent.finally(() => client.close()));
  }
  const states = watchStates(lab, admin, signal);
  const kubeconfig = await account('hayward-networks-controller', NODES[0]);
  const controller = startController(kubeconfig, 'first');
  await leading(controller);
  const put = (name, index) => lab.putAttachment(admin, { name, vlan: vlan(index) });

  const times = [];
  for (let index = 0; index < SINGLE; index++) {
    const begun = performance.now();
    await put(`single-${index}`, index);
    await states.settled([`default/single-${index}`]);
    times.push(performance.now() - begun);
  }
  const before = (await requestsOf(audit)).length;
  const names = Array.from({ length: NETWORKS }, (_, index) => `many-${index}`);
  const keys = names.map((name) => `default/${name}`);
  const begun = performance.now();
  await Promise.all(names.map(put));
  await states.settled(keys);
  const settledMs = performance.now() - begun;
  const many = (await requestsOf(audit)).slice(before);
  const peakKiB = Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${controller.pid}/status`, 'utf8'))[1]);
  await stop(controller);

  const known = (await requestsOf(audit)).length;
  const next = startController(kubeconfig, 'next');
  await leading(next);
  // Long enough for it to look at everything, and to write what it would.
  await wait(5_000);
  const taken = (await requestsOf(audit)).slice(known);
  await stop(next);
  return { times, many, taken, settledMs, peakKiB, ended: Promise.all([...agents, states.ended]), admin };
}

/** e.g. `patch vmnetworks 1000, patch nodenetworkprobes 12`. */
function byKind(requests) {
  const counts = new Map();
  for (const { verb, resource } of requests) {
    const key = `${verb} ${resource}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => `${key} ${count}`).join(', ');
}

const folder = mkdtempSync(join(tmpdir(), 'hayward-bench-'));
const end = new AbortController();
let server;
let audit;
try {
  const lab = await bundledLab(folder, LAB);
  audit = await lab.auditLog();
  server = await lab.apiServer({ arguments: audit.arguments });
  const { times, many, taken, settledMs, peakKiB, ended, admin } = await measure(lab, server, audit, end.signal);
  end.abort();
  await ended;
  admin.close();
  const size = `${NETWORKS} networks, ${NODES.length} nodes`;
  figure({
    name: 'networks controller, requests a network',
    value: many.length / NETWORKS,
    unit: 'requests',
    atMost: 3,
    note: `${size}, settled in ${Math.round(settledMs)} ms; ${byKind(many)}`,
  });
  figure({
    name: 'networks controller, from apply to a true state',
    value: Math.max(...times),
    unit: 'ms',
    atMost: 1500,
    note: `the slowest of ${SINGLE}, median ${Math.round(median(times))} ms`,
  });
  figure({
    name: 'networks controller, requests of a new leader a network',
    value: taken.length / NETWORKS,
    unit: 'requests',
    atMost: 0.1,
    note: byKind(taken),
  });
  figure({ name: 'networks controller, peak memory', value: peakKiB / 1024, unit: 'MiB', atMost: 200, note: size });
} finally {
  end.abort();
  await server?.dispose();
  await audit?.remove();
  rmSync(folder, { recursive: true, force: true });
}
