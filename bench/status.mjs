// How long `status` takes on a cluster of 1,000 nodes and 20,000 Pods (as objects at a real API server), and how much memory, against
// the same lists fetched raw with the same paging by one Node file: see status-floor.mjs. Needs a built dist/ and what the kube tests
// need. HAYWARD_BENCH_NODES makes it smaller, to try it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { bundledLab } from './kube-lab.mjs';
import { alternating, figure } from './measure.mjs';

const NODES = Number(process.env.HAYWARD_BENCH_NODES ?? 1000);
const PODS = NODES * 20;
const RUNS = 5;
/** Objects created at once. */
const AT_ONCE = 24;
const LAB = `export { apiServer } from './api-server.ts'; export { node, pod, rollout } from './small-objects.ts';`;
const root = fileURLToPath(new URL('..', import.meta.url));
const cli = join(root, 'dist/cli.js');
const floor = fileURLToPath(new URL('status-floor.mjs', import.meta.url));

/** Prints the process's own peak of resident memory, in KiB, to file descriptor 3 when it ends. */
const PEAK = `data:text/javascript,${encodeURIComponent(
  "import{writeSync}from'node:fs';process.on('exit',()=>writeSync(3,String(process.resourceUsage().maxRSS)))",
)}`;

/** Posts objects over few connections: the lab's own way opens one for each. */
function poster(kubeconfig) {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8'));
  const pem = (text) => Buffer.from(text, 'base64');
  const agent = new Agent({
    keepAlive: true,
    maxSockets: AT_ONCE,
    ca: pem(clusters[0].cluster['certificate-authority-data']),
    cert: pem(users[0].user['client-certificate-data']),
    key: pem(users[0].user['client-key-data']),
  });
  const send = (method, path, body) =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const url = new URL(path, clusters[0].cluster.server);
      const asked = request(url, { agent, method, headers }, (answer) => {
        let text = '';
        answer.on('data', (chunk) => {
          text += chunk;
        });
        answer.on('end', () => {
          if (answer.statusCode < 300) resolve(JSON.parse(text));
          else reject(new Error(`${method} ${path}: HTTP ${answer.statusCode}: ${text.slice(0, 300)}`));
        });
      });
      asked.on('error', reject);
      asked.end(JSON.stringify(body));
    });
  return { send, close: () => agent.destroy() };
}

async function pooled(count, work) {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function fill({ send }, objects) {
  const { node, pod, rollout } = objects;
  const withStatus = async (parent, object) => {
    const kept = await send('POST', parent, object);
    const status = { ...object.status, ...('observedGeneration' in object.status && { observedGeneration: 1 }) };
    await send('PUT', `${parent}/${object.metadata.name}/status`, { ...kept, status });
  };
  await send('POST', '/api/v1/namespaces', { metadata: { name: 'shop' } });
  const renewTime = new Date().toISOString().replace('Z', '000Z');
  await pooled(NODES, async (index) => {
    const name = `node-${index}`;
    await withStatus('/api/v1/nodes', node(name, index % 250));
    const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime };
    await send('POST', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases', { metadata: { name }, spec });
  });
  await withStatus('/apis/apps/v1/namespaces/kube-system/daemonsets', rollout('DaemonSet', 'rke2-canal', NODES));
  // One Pod of every node is Canal's, the others are somebody's.
  await pooled(PODS, async (index) => {
    const isCanal = index < NODES;
    const object = pod(isCanal ? 'rke2-canal' : 'shop', index, `node-${index % NODES}`);
    await withStatus(`/api/v1/namespaces/${isCanal ? 'kube-system' : 'shop'}/pods`, object);
  });
}

function peakMiB(args) {
  const run = spawnSync(process.execPath, ['--import', PEAK, ...args], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  return Number(run.output[3]) / 1024;
}

const folder = mkdtempSync(join(tmpdir(), 'hayward-bench-'));
// What it remembers of the cluster goes with it.
process.env.HAYWARD_STATE = folder;
let server;
try {
  const { apiServer, ...objects } = await bundledLab(folder, LAB);
  server = await apiServer();
  const { kubeconfig } = server.admin;
  const post = poster(kubeconfig);
  await fill(post, objects);
  post.close();
  const status = [cli, 'status', '--kubeconfig', kubeconfig, '--json'];
  const times = alternating(
    {
      // The Leases grow old while it is measured: nodes that are not ready are an answer.
      status: { argv: [process.execPath, ...status], statuses: [0, 1, 3] },
      raw: { argv: [process.execPath, floor, kubeconfig] },
    },
    RUNS,
  );
  const size = `${NODES} nodes, ${PODS} Pods`;
  const took = `status ${Math.round(times.status)} ms, raw ${Math.round(times.raw)} ms`;
  figure({
    name: 'status, times the raw lists',
    value: times.status / times.raw,
    unit: '×',
    atMost: 2,
    note: `${size}; ${took}`,
  });
  const peaks = [peakMiB(status), peakMiB([floor, kubeconfig])];
  const raw = `raw ${Math.round(peaks[1])} MiB`;
  figure({ name: 'status, peak memory', value: peaks[0], unit: 'MiB', atMost: 250, note: `${size}; ${raw}` });
} finally {
  await server?.dispose();
  rmSync(folder, { recursive: true, force: true });
}
