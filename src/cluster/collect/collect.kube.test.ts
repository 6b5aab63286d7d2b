import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createWebServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { apiServer, type LabApiServer } from '../../../lab/kube/api-server.ts';
import type { Credentials } from '../../../lab/kube/credentials.ts';
import { type LabProxy, startProxy } from '../../../lab/kube/proxy.ts';
import { type SmallCluster, smallCluster } from '../../../lab/kube/small-cluster.ts';
import { startCriServer } from '../../../test/cri-server.ts';
import { openClient } from '../client/client.ts';
import { findKubeconfig } from '../client/find-kubeconfig.ts';
import type { ClusterSnapshot } from '../model.ts';
import { type CollectOptions, collectCluster } from './collect.ts';
import { collectOwnPods } from './own-pods.ts';

const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
const DAY_MS = 86_400_000;
/** Of each rollout the first Pod is on node-1. */
const OWN_PODS = ['harvester', 'harvester-webhook', 'rancher', 'kube-vip', 'rke2-canal'].map((part) =>
  expect.objectContaining({ part, name: `${part}-0`, restarts: 0 }),
);

let server: LabApiServer;
let proxy: LabProxy;
let cluster: SmallCluster;
let empty: ClusterSnapshot;
beforeAll(async () => {
  server = await apiServer();
  proxy = await startProxy(server);
  empty = await seenBy(server.admin);
  cluster = await smallCluster(server, '127.0.77.1');
});
afterAll(async () => {
  await proxy.stop();
  await server.dispose();
});

async function seenBy(who: Credentials, options: Partial<CollectOptions> = {}): Promise<ClusterSnapshot> {
  const found = await findKubeconfig({ option: who.kubeconfig });
  if (!found.known) throw new Error(found.detail);
  const client = await openClient(found.value.access);
  if (!client.known) throw new Error(client.detail);
  try {
    return await collectCluster(client.value, { found: found.value, path: found.source, ...options });
  } finally {
    client.value.close();
  }
}

describe('an empty cluster', () => {
  it('has no Harvester, and what has no definition is absent', () => {
    expect(empty).toMatchObject({
      nodes: { value: [] },
      parts: { value: [] },
      endpoints: [],
      managedCharts: { reason: 'absent' },
      harvester: { reason: 'not-collected' },
      managementAddress: { address: { reason: 'absent' }, lease: { reason: 'absent' } },
      registration: { reason: 'absent' },
    });
  });
});

describe('a cluster that is well', () => {
  it('is seen whole by an administrator, and serialises', async () => {
    const seen = await seenBy(server.admin);
    expect(JSON.parse(JSON.stringify(seen))).toEqual(seen);
    const node = { roles: ['control-plane', 'etcd'], internalAddresses: ['192.168.77.11'], taints: [] };
    const whole = { wanted: 3, ready: 3, updated: 3, waiting: [], restarts: 0 };
    expect(seen).toMatchObject({
      identity: { value: { username: 'system:admin', groups: ['system:masters', 'system:authenticated'] } },
      vantage: 'on-link',
      nodes: { value: [{ ...node, name: 'node-1', leaseRenewedAt: { known: true } }, {}, {}] },
      parts: { value: Array(7).fill(whole) },
      managedCharts: { value: [{ name: 'harvester', ready: true }] },
      harvesterVersion: { value: 'v1.6.0' },
      managementAddress: {
        address: { value: '127.0.77.1' },
        configured: { value: { mode: 'static' } },
        vipHost: { value: 'node-1' },
        lease: { value: { holder: 'node-1', durationSeconds: 5 } },
        https: { value: { kind: 'refused' } },
      },
    });
    expect(seen.apiServers.map(({ via, livez }) => [via, livez.known && livez.value.kind])).toEqual([
      ['kubeconfig', 'answered'],
      ['vip', 'refused'],
    ]);
    expect(seen.apiServers[0]?.certificate).toMatchObject({
      value: { subject: 'CN=kube-apiserver', coversName: true },
    });
  });

  it('is seen by a node as far as a node may see, each refusal with its rule, other ways taken', async () => {
    const seen = await seenBy(await server.node('node-1'));
    expect(seen).toMatchObject({
      nodes: { reason: 'denied', detail: expect.stringContaining('cannot read all nodes, only its own Node object') },
      ownNode: { value: { name: 'node-1', leaseRenewedAt: { known: true } } },
      parts: { reason: 'denied' },
      ownPods: { source: expect.stringContaining('spec.nodeName'), value: expect.arrayContaining(OWN_PODS) },
      managementAddress: {
        address: { value: '127.0.77.1' },
        configured: { value: { mode: 'static' }, source: expect.stringContaining('service') },
      },
    });
    const ready = seen.endpoints.map(({ name, addresses }) => [name, addresses.known && addresses.value.ready.length]);
    expect(Object.fromEntries(ready)).toEqual({
      harvester: 3,
      'harvester-webhook': 3,
      rancher: 3,
      'rancher-webhook': 3,
    });
    const answers = seen.permissions.map(({ request, review, answered, ofEveryNode }) => {
      expect(review.known && review.value, request).toBe(answered.known);
      expect(answered.known, request).toBe(ofEveryNode);
      return request;
    });
    expect(answers).toContain('list pods --all-namespaces --field-selector spec.nodeName=node-1');
    const old = seen.permissions.find(({ request }) => request === 'list pods --namespace harvester-system');
    expect(old?.answered).toMatchObject({
      reason: 'denied',
      detail: expect.stringContaining('can only list/watch pods with spec.nodeName field selector'),
    });
  });

  it('is asked of the node’s kubelet, and of its runtime, where the API server refuses even its own Pods', async () => {
    // Named as a node and not of the nodes' group: the Node authorizer gives it nothing.
    const stray = await server.user({ name: 'system:node:node-1' });
    const found = await findKubeconfig({ option: stray.kubeconfig });
    if (!found.known) throw new Error(found.detail);
    const client = await openClient(found.value.access);
    if (!client.known) throw new Error(client.detail);
    const issued = await server.authority.issue({ commonName: 'system:node:node-1', names: ['node-1', '127.0.0.1'] });
    const allowed = new Set(['system:node:node-1']);
    const [cert, key, ca] = await Promise.all(
      [issued.certificate, issued.key, server.authority.certificate].map((file) => readFile(file)),
    );
    const pod = (name: string) => ({ metadata: { namespace: 'harvester-system', name } });
    const tls = { cert, key, ca, requestCert: true };
    // What a kubelet's authorization decides, it decides by who one is.
    const kubelet = createWebServer(tls, ({ url, socket }, answer) => {
      const { CN } = (socket as TLSSocket).getPeerCertificate().subject;
      const isGiven = url === '/pods' && allowed.has(String(CN));
      const items = [pod('kube-vip-x2x4z'), pod('other-0')];
      answer.writeHead(isGiven ? 200 : 403).end(isGiven ? JSON.stringify({ kind: 'PodList', items }) : 'Forbidden');
    }).listen(0, '127.0.0.1');
    await once(kubelet, 'listening');
    const runtime = await startCriServer({
      list: () => [
        { id: 'a', name: 'kube-vip-x2x4z', namespace: 'harvester-system', ready: false, createdAtMs: 1000 },
        { id: 'b', name: 'kube-vip-x2x4z', namespace: 'harvester-system', createdAtMs: 2000 },
        { id: 'c', name: 'rancher-7d4b9c-abcde', namespace: 'cattle-system', ready: false, createdAtMs: 3000 },
      ],
    });
    const { port } = kubelet.address() as AddressInfo;
    const { signal } = new AbortController();
    const search = { client: client.value, node: 'node-1', isHere: true, signal, runtime: runtime.socket };
    const asked = { ...search, kubelet: `https://127.0.0.1:${port}` };
    try {
      expect(await collectOwnPods({ ...asked, isHere: false })).toMatchObject({ known: false, reason: 'denied' });
      expect(await collectOwnPods(asked)).toMatchObject({
        source: `https://127.0.0.1:${port}/pods`,
        value: [{ part: 'kube-vip', name: 'kube-vip-x2x4z' }],
      });
      allowed.clear();
      const byRuntime = await collectOwnPods(asked);
      expect(byRuntime.source).toBe('crictl pods');
      const up = byRuntime.known && byRuntime.value.map(({ part, waiting }) => [part, waiting?.reason]);
      expect(up).toEqual([
        ['kube-vip', undefined],
        ['rancher', 'SandboxNotReady'],
      ]);
      await runtime.close();
      expect(await collectOwnPods(asked)).toMatchObject({ known: false, reason: 'denied' });
    } finally {
      client.value.close();
      kubelet.close();
    }
  });

  it('gives away no secret', async () => {
    const kubeconfig = parse(await readFile(server.admin.kubeconfig, 'utf8'));
    const { 'client-key-data': key, 'client-certificate-data': certificate } = kubeconfig.users[0].user;
    const text = JSON.stringify(await seenBy(server.admin));
    for (const secret of [key, certificate]) {
      for (const line of Buffer.from(secret, 'base64').toString('utf8').split('\n').slice(1, -2)) {
        expect(text).not.toContain(line);
      }
      expect(text).not.toContain(secret.slice(0, 60));
    }
  });
});

describe('what holds a rollout up', () => {
  it('is told of its Pods; a status for an older spec counts for nothing', async () => {
    await cluster.change('/api/v1/namespaces/cattle-system/pods/rancher-1', ({ status }) => {
      const ready = status.conditions.find(({ type }: { type: string }) => type === 'Ready');
      Object.assign(ready, { status: 'False', lastTransitionTime: '2026-02-02T00:00:00Z' });
      const waiting = { reason: 'ImagePullBackOff', message: 'Back-off pulling image' };
      Object.assign(status.containerStatuses[0], { ready: false, restartCount: 4, state: { waiting } });
    });
    // Written without a controller that follows: the status speaks of the generation before.
    const path = '/apis/apps/v1/namespaces/cattle-system/deployments/rancher';
    const object = JSON.parse((await server.admin.ask(path)).text);
    object.spec.replicas = 4;
    await server.admin.ask(path, { method: 'PUT', body: object });
    const { parts } = await seenBy(server.admin);
    expect(parts.known && parts.value.find(({ name }) => name === 'rancher')).toMatchObject({
      wanted: 4,
      updated: 0,
      restarts: 4,
      waiting: [{ name: 'rancher-1', node: 'node-2', reason: 'ImagePullBackOff', since: '2026-02-02T00:00:00Z' }],
    });
  });
});

describe('a webhook', () => {
  /** A TLS server that takes connections, with a certificate for 127.0.0.1. */
  async function webhook(notAfter: Date): Promise<{ url: string; stop: () => void }> {
    const names = ['127.0.0.1'];
    const notBefore = new Date(Date.now() - 2 * DAY_MS);
    const issued = await server.authority.issue({ commonName: 'webhook', names, notBefore, notAfter });
    const tls = { cert: await readFile(issued.certificate), key: await readFile(issued.key) };
    const listening = createServer(tls).listen(0, '127.0.0.1');
    await once(listening, 'listening');
    const { port } = listening.address() as AddressInfo;
    return { url: `https://127.0.0.1:${port}/validate`, stop: () => listening.close() };
  }
  const register = async (name: string, url: string): Promise<void> => {
    const caBundle = await readFile(server.authority.certificate, 'base64');
    await cluster.put(`${WEBHOOKS}/${name}`, {
      metadata: { name },
      webhooks: [
        {
          name: `${name}.example.org`,
          clientConfig: { url, caBundle },
          rules: [{ apiGroups: ['batch'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['jobs'] }],
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          failurePolicy: 'Fail',
          timeoutSeconds: 3,
        },
      ],
    });
  };

  it('is tried by a handshake against its own authority: alive, expired, dead', async () => {
    const alive = await webhook(new Date(Date.now() + DAY_MS));
    const expired = await webhook(new Date(Date.now() - DAY_MS));
    const dead = await webhook(new Date(Date.now() + DAY_MS));
    dead.stop();
    await register('alive', alive.url);
    await register('dead', dead.url);
    await register('expired', expired.url);
    const job = { metadata: { name: 'blocked' }, spec: {} };
    // The API server calls them, and counts.
    const jobs = '/apis/batch/v1/namespaces/default/jobs';
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'c' }] } };
    await server.admin.ask(jobs, { method: 'POST', body: { ...job, spec: { template } } });
    const { webhooks } = await seenBy(server.admin);
    const named = Object.fromEntries((webhooks.known ? webhooks.value : []).map((one) => [one.configuration, one]));
    expect(named['alive']).toMatchObject({
      failurePolicy: 'Fail',
      timeoutSeconds: 3,
      rules: ['CREATE,UPDATE jobs.batch'],
      narrowed: false,
      calls: { url: alive.url },
      authority: { value: { subject: 'CN=hayward-lab' } },
      handshake: { value: { outcome: { kind: 'answered' }, certificate: { value: { coversName: true } } } },
    });
    expect(named['dead']).toMatchObject({
      handshake: { value: { outcome: { kind: 'refused' } } },
      counted: { value: { calls: 1, failed: 1 } },
    });
    expect(named['expired']).toMatchObject({
      handshake: { value: { outcome: { kind: 'tls', detail: 'CERT_HAS_EXPIRED' } } },
    });
    alive.stop();
    expired.stop();
    for (const name of ['alive', 'dead', 'expired']) await cluster.remove(`${WEBHOOKS}/${name}`);
  });
});

describe('an API server in trouble', () => {
  it('frozen: one look ends, and nothing is taken for absent', async () => {
    await server.freeze();
    const seen = await seenBy(server.admin, { requestMs: 300 });
    server.thaw();
    const silent = { known: true, value: { kind: 'silent', detail: 'no answer in 0.3 s' } };
    expect(seen.apiServers).toMatchObject([{ livez: silent, readyz: silent, certificate: { reason: 'failed' } }]);
    for (const part of [seen.nodes, seen.services, seen.parts, seen.webhooks, seen.managedCharts, seen.registration]) {
      expect(part).toMatchObject({ known: false, reason: 'failed' });
    }
  });

  it('killed: refused', async () => {
    await server.kill();
    const seen = await seenBy(server.admin);
    expect(seen.apiServers).toMatchObject([{ livez: { value: { kind: 'refused' } } }]);
    expect(seen.nodes).toMatchObject({ known: false, reason: 'failed' });
    await server.start();
  });

  it('who may see nothing is denied everything; who is not known, too', async () => {
    const stranger = await seenBy(await server.user({ name: 'stranger' }));
    expect(stranger).toMatchObject({ identity: { value: { username: 'stranger' } }, nodes: { reason: 'denied' } });
    const late = { name: 'late', groups: ['system:masters'], notAfter: new Date(Date.now() - DAY_MS) };
    const expired = await seenBy(await server.user(late));
    expect(expired).toMatchObject({
      identity: { value: { username: 'late', groups: ['system:masters'] } },
      apiServers: [{ livez: { reason: 'denied', detail: 'HTTP 401: Unauthorized' } }],
      nodes: { reason: 'denied', detail: 'HTTP 401: Unauthorized' },
    });
  });

  it('a list that a proxy cuts is failed, and the rest is seen', async () => {
    const operator = await proxy.user({ name: 'operator', groups: ['system:masters'] });
    proxy.mishap = (path) => (path.startsWith('/api/v1/nodes?limit=500') ? { kind: 'truncate' } : undefined);
    const seen = await seenBy(operator);
    expect(seen).toMatchObject({ nodes: { known: false, reason: 'failed' }, parts: { known: true } });
    proxy.mishap = () => undefined;
    expect(await seenBy(operator)).toMatchObject({ nodes: { known: true } });
  });
});
