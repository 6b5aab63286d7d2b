// How soon after a DHCP server's first offer a VM network that was applied has its true state, in its VMNetwork and in the annotation
// Harvester shows. All of it real: API server, hayward networks controller and two agents as they are shipped, bridges, one dnsmasq.
// Needs root, dnsmasq, a built dist/ and what the kube tests need.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundledLab } from './kube-lab.mjs';
import { figure, median, skipped } from './measure.mjs';
import { leading, startController, stop, watchStates } from './networks-kept.mjs';

const FIGURE = 'VM network, from the first offer to a true state';
const NODES = ['node-1', 'node-2'];
const NETWORKS = 10;
const LAB = `
export { apiServer } from './api-server.ts';
export { applyManifest } from './manifests.ts';
export { serviceAccountKubeconfig } from './service-account.ts';
export { defineAttachments, putAttachment, putNode } from './vm-networks.ts';
export { agentTestBed } from '../../src/vm-networks/agent/agent-test-bed.ts';
export { connectionFor } from '../../src/cluster/client/testing/connection.ts';
export { inform } from '../../src/cluster/client/informer.ts';
`;
const manifest = (file) => fileURLToPath(new URL(`../deploy/networks/${file}`, import.meta.url));

async function measure(lab, server, bed, signal) {
  const admin = await lab.connectionFor(server.admin.kubeconfig);
  for (const file of ['crds.yaml', 'rbac.yaml']) await lab.applyManifest(admin, manifest(file));
  await lab.defineAttachments(admin);
  for (const node of NODES) await lab.putNode(admin, node);
  const account = (name, node) => lab.serviceAccountKubeconfig(server, { namespace: 'hayward', name, node });
  for (const node of NODES) bed.agent(node, await account('hayward-networks-agent', node));
  let offeredAt;
  await bed.serve((log) => {
    if (log.includes('DHCPOFFER')) offeredAt ??= performance.now();
  });
  const controller = startController(await account('hayward-networks-controller', NODES[0]), 'bench');
  await leading(controller);
  const states = watchStates(lab, admin, signal);
  const times = [];
  // The first waits for the agents to start.
  for (let index = 0; index <= NETWORKS; index++) {
    offeredAt = undefined;
    const appliedAt = performance.now();
    await lab.putAttachment(admin, { name: `plain-${index}`, vlan: 0, route: '{"mode":"auto"}' });
    await states.settled([`default/plain-${index}`]);
    const trueAt = performance.now();
    if (index > 0) times.push({ offer: offeredAt - appliedAt, state: trueAt - offeredAt });
  }
  await stop(controller);
  return { times, ended: states.ended, admin };
}

async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'hayward-bench-'));
  const end = new AbortController();
  let server;
  let bed;
  try {
    const lab = await bundledLab(folder, LAB);
    server = await lab.apiServer();
    bed = await lab.agentTestBed(NODES, new URL(server.url));
    const { times, ended, admin } = await measure(lab, server, bed, end.signal);
    end.abort();
    await ended;
    admin.close();
    const states = times.map(({ state }) => state);
    const offers = Math.round(median(times.map(({ offer }) => offer)));
    figure({
      name: FIGURE,
      value: Math.max(...states),
      unit: 'ms',
      atMost: 1500,
      note: `the slowest of ${NETWORKS}, median ${Math.round(median(states))} ms; the offer came ${offers} ms after the apply`,
    });
  } finally {
    end.abort();
    await bed?.remove();
    await server?.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.getuid() === 0) await run();
else skipped(FIGURE, 'network namespaces of its own need root');
