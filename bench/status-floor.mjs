// The floor of `status`: the lists it makes, raw, in pages of 500, parsed and counted. Usage: status-floor.mjs KUBECONFIG
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { parse } from 'yaml';

const [kubeconfig] = process.argv.slice(2);
const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8'));
const pem = (text) => Buffer.from(text, 'base64');
const agent = new Agent({
  keepAlive: true,
  ca: pem(clusters[0].cluster['certificate-authority-data']),
  cert: pem(users[0].user['client-certificate-data']),
  key: pem(users[0].user['client-key-data']),
});
const LISTS = [
  '/api/v1/nodes',
  '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases',
  '/api/v1/services',
  ...['harvester-system', 'cattle-system', 'kube-system'].flatMap((namespace) =>
    ['deployments', 'daemonsets'].map((kind) => `/apis/apps/v1/namespaces/${namespace}/${kind}`),
  ),
  '/api/v1/namespaces/kube-system/pods',
];

function page(path) {
  return new Promise((resolve, reject) => {
    const asked = get(new URL(path, clusters[0].cluster.server), { agent }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString('utf8'))));
    });
    asked.on('error', reject);
  });
}

async function count(path) {
  let objects = 0;
  let next = '';
  do {
    const { items, metadata } = await page(`${path}?limit=500${next && `&continue=${encodeURIComponent(next)}`}`);
    objects += items.length;
    next = metadata.continue ?? '';
  } while (next !== '');
  return objects;
}

const counts = await Promise.all(LISTS.map(count));
console.log(counts.join(' '));
agent.destroy();
