import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { apiServer, type LabApiServer } from '../../../lab/kube/api-server.ts';
import { certificateAuthority } from '../../../lab/kube/certificates.ts';
import type { Credentials } from '../../../lab/kube/credentials.ts';
import { type KubeClient, openClient } from './client.ts';
import { findKubeconfig } from './find-kubeconfig.ts';
import type { Access } from './kubeconfig.ts';
import { type ListedObject, list } from './list.ts';

let server: LabApiServer;
const clients: KubeClient[] = [];
beforeAll(async () => {
  // What a page's token refers to is gone within a second: lists that take longer expire for real.
  server = await apiServer({ arguments: ['--etcd-compaction-interval=1s'] });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(() => server.dispose());

async function accessOf({ kubeconfig }: Credentials): Promise<Access> {
  const found = await findKubeconfig({ option: kubeconfig });
  if (!found.known) throw new Error(found.detail);
  return found.value.access;
}

async function opened(access: Access): Promise<KubeClient> {
  const client = await openClient(access);
  if (!client.known) throw new Error(client.detail);
  clients.push(client.value);
  return client.value;
}

const as = async (who: Credentials): Promise<KubeClient> => opened(await accessOf(who));

const nameOf = ({ metadata }: ListedObject): string => (metadata as { name: string }).name;

describe('a real API server', () => {
  it('answers, refuses and lacks, each in its own words', async () => {
    const node = await as(await server.node('node-1'));
    expect(await node.text('/readyz')).toEqual({ known: true, value: 'ok', source: "kubectl get --raw '/readyz'" });
    expect(await node.json('/api/v1/pods')).toMatchObject({
      known: false,
      reason: 'denied',
      detail:
        'HTTP 403: pods is forbidden: User "system:node:node-1" cannot list resource "pods" in API group "" at the cluster scope: can only list/watch pods with spec.nodeName field selector',
    });
    expect(await node.json('/api/v1/nodes/node-1')).toMatchObject({ reason: 'absent' });
    const admin = await as(server.admin);
    expect(await admin.json('/version')).toMatchObject({ value: { gitVersion: expect.stringMatching(/^v1\.33\./) } });
  });

  it('takes a token, and denies one it does not know', async () => {
    const metadata = { name: 'reader', namespace: 'default' };
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    await server.admin.ask(accounts, { method: 'POST', body: { metadata } });
    const { text } = await server.admin.ask(`${accounts}/reader/token`, { method: 'POST', body: { spec: {} } });
    const { token } = (JSON.parse(text) as { status: { token: string } }).status;
    const { certificate: _, key: __, ...anonymous } = await accessOf(server.admin);
    const folder = join(server.admin.kubeconfig, '..');
    const file = join(folder, 'token');
    await writeFile(file, `${token}\n`);
    const account = await opened({ ...anonymous, token: { file } });
    expect(await account.json('/api/v1/pods')).toMatchObject({
      reason: 'denied',
      detail: expect.stringContaining('User "system:serviceaccount:default:reader" cannot list'),
    });
    // The same as the kubelet gives it to a Pod.
    const root = join(folder, 'pod');
    const secrets = join(root, 'var/run/secrets/kubernetes.io/serviceaccount');
    await mkdir(secrets, { recursive: true });
    await writeFile(join(secrets, 'token'), token);
    await copyFile(server.authority.certificate, join(secrets, 'ca.crt'));
    const { hostname: host, port } = new URL(server.url);
    const found = await findKubeconfig({ root, service: { host, port } });
    if (!found.known) throw new Error(found.detail);
    const self = await (await opened(found.value.access)).review(
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      {},
    );
    expect(self).toMatchObject({
      value: { status: { userInfo: { username: 'system:serviceaccount:default:reader' } } },
    });
    for (const access of [anonymous, { ...anonymous, token: { text: 'nonsense' } }]) {
      const stranger = await opened(access);
      expect(await stranger.json('/api/v1/pods')).toMatchObject({ reason: 'denied', detail: 'HTTP 401: Unauthorized' });
    }
  });

  it('is left when its certificate is not trusted, and when ours has expired we are denied', async () => {
    const access = await accessOf(server.admin);
    const other = await certificateAuthority(join(server.admin.kubeconfig, '../other'), 'somebody-else');
    const wary = await opened({ ...access, authority: { file: other.certificate } });
    expect(await wary.text('/readyz')).toMatchObject({
      reason: 'failed',
      detail: `${server.url}: unable to verify the first certificate`,
    });
    expect(await (await opened({ ...access, serverName: 'vip.example' })).text('/readyz')).toMatchObject({
      reason: 'failed',
      detail: expect.stringContaining("vip.example. is not in the cert's altnames"),
    });
    const notAfter = new Date(Date.now() - 60_000);
    const late = await as(await server.user({ name: 'late', groups: ['system:masters'], notAfter }));
    expect(await late.text('/readyz')).toMatchObject({ reason: 'denied', detail: 'HTTP 401: Unauthorized' });
  });

  it('that hangs or is down is known to have failed, within the limit', async () => {
    const admin = await as(server.admin);
    await server.freeze();
    expect(await admin.text('/readyz', { timeoutMs: 300 })).toMatchObject({
      reason: 'failed',
      detail: `${server.url}: no answer in 0.3 s`,
    });
    const gaveUp = new AbortController();
    const hanging = admin.text('/readyz', { signal: gaveUp.signal });
    gaveUp.abort();
    expect(await hanging).toMatchObject({ reason: 'failed', detail: `${server.url}: The operation was aborted` });
    server.thaw();
    expect(await admin.text('/readyz')).toMatchObject({ value: 'ok' });
    await server.kill();
    expect(await admin.text('/readyz')).toMatchObject({
      reason: 'failed',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
    await server.start();
  });
});

describe('a list', () => {
  const names = Array.from({ length: 7 }, (_, index) => `list-${index}`);

  it('comes in pages, all of them, and by selectors', async () => {
    for (const name of names) {
      const labels = { kind: name === 'list-3' ? 'odd' : 'even' };
      const body = { metadata: { name, labels } };
      expect(await server.admin.ask('/api/v1/namespaces', { method: 'POST', body })).toMatchObject({ status: 201 });
    }
    const admin = await as(server.admin);
    const all = await list(admin, '/api/v1/namespaces', nameOf, { pageSize: 3 });
    expect(all).toMatchObject({ known: true, source: "kubectl get --raw '/api/v1/namespaces?limit=3'" });
    expect(all.known && all.value).toEqual(expect.arrayContaining(names));
    expect(await list(admin, '/api/v1/namespaces', nameOf, { labelSelector: 'kind=odd' })).toMatchObject({
      value: ['list-3'],
    });
    expect(await list(admin, '/version', nameOf)).toMatchObject({
      known: false,
      detail: `${server.url}: the answer is no list`,
    });
    const node = await as(await server.node('node-1'));
    expect(await list(node, '/api/v1/pods', nameOf)).toMatchObject({ reason: 'denied' });
    expect(await list(node, '/api/v1/pods', nameOf, { fieldSelector: 'spec.nodeName=node-1' })).toMatchObject({
      value: [],
    });
  });

  it('begins again when its pages have expired, and holds nothing twice', async () => {
    const real = await as(server.admin);
    let pages = 0;
    let expired = 0;
    const slow: KubeClient = {
      ...real,
      async json(path, options) {
        // The second page is asked for when the server itself says that its token has expired.
        if (++pages === 2)
          await expect.poll(async () => (await real.json(path)).known, { timeout: 60_000 }).toBe(false);
        const answer = await real.json(path, options);
        if (!answer.known && answer.detail.startsWith('HTTP 410:')) expired++;
        return answer;
      },
    };
    const all = await list(slow, '/api/v1/namespaces', nameOf, { pageSize: 3 });
    expect(expired).toBe(1);
    expect(all.known && [...all.value].sort()).toEqual(
      [...names, 'default', 'kube-node-lease', 'kube-public', 'kube-system'].sort(),
    );
  });
});
