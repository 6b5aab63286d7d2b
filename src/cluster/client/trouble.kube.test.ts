import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { apiServer, type LabApiServer } from '../../../lab/kube/api-server.ts';
import { type LabProxy, type Mishap, startProxy } from '../../../lab/kube/proxy.ts';
import { type KubeClient, openClient } from './client.ts';
import { findKubeconfig } from './find-kubeconfig.ts';
import type { Access } from './kubeconfig.ts';
import { list } from './list.ts';

let server: LabApiServer;
let proxy: LabProxy;
let access: Access;
let client: KubeClient;
const BUSY: Mishap = { kind: 'answer', status: 429, text: 'too many requests', retryAfterS: 0 };
const NAMESPACES = '/api/v1/namespaces';

beforeAll(async () => {
  server = await apiServer();
  for (let index = 0; index < 5; index++) {
    await server.admin.ask(NAMESPACES, { method: 'POST', body: { metadata: { name: `list-${index}` } } });
  }
  proxy = await startProxy(server);
  const { kubeconfig } = await proxy.user({ name: 'operator', groups: ['system:masters'] });
  const found = await findKubeconfig({ option: kubeconfig });
  if (!found.known) throw new Error(found.detail);
  access = found.value.access;
  const opened = await openClient(access);
  if (!opened.known) throw new Error(opened.detail);
  client = opened.value;
});
afterEach(() => {
  proxy.mishap = () => undefined;
});
afterAll(async () => {
  client.close();
  await proxy.stop();
  await server.dispose();
});

/** How many requests a piece of work took. */
async function requestsOf(work: () => Promise<unknown>): Promise<number> {
  const before = proxy.seen.length;
  await work();
  return proxy.seen.length - before;
}

/** The first requests from now on meet with this. */
function first(count: number, mishap: Mishap): void {
  const before = proxy.seen.length;
  proxy.mishap = (_, nth) => (nth < before + count ? mishap : undefined);
}

describe('a server in passing trouble', () => {
  it.each([
    ['busy', BUSY],
    ['failing', { kind: 'answer', status: 500, text: 'etcdserver: request timed out' }],
    ['lost in the middle of an answer', { kind: 'cut' }],
  ] as const)('is asked again: %s', async (_, mishap) => {
    first(2, mishap);
    expect(await requestsOf(async () => expect(await client.json('/version')).toMatchObject({ known: true }))).toBe(3);
  });

  it('that does not pass is known by its own words, after five attempts', async () => {
    proxy.mishap = () => BUSY;
    const asked = async () =>
      expect(await client.text('/version')).toMatchObject({
        known: false,
        reason: 'failed',
        detail: 'HTTP 429: too many requests',
      });
    expect(await requestsOf(asked)).toBe(5);
  });

  it('that wants to be left alone for longer than the limit is, and that is the answer', async () => {
    proxy.mishap = () => ({ ...BUSY, retryAfterS: 60 }) as Mishap;
    const asked = async () =>
      expect(await client.text('/version', { timeoutMs: 5_000 })).toMatchObject({
        detail: 'HTTP 429: too many requests',
      });
    expect(await requestsOf(asked)).toBe(1);
  });

  it('says in a 500 what is wrong with it, asked once', async () => {
    first(1, { kind: 'answer', status: 500, text: '[-]etcd failed: reason withheld' });
    expect(await client.outcome('/readyz?verbose')).toMatchObject({
      value: { kind: 'answered', status: 500, text: '[-]etcd failed: reason withheld' },
    });
  });
});

describe('a list that is cut in its middle is never a short list', () => {
  const second = (mishap: Mishap) => (path: string) => (path.includes('continue=') ? mishap : undefined);
  const listed = () => list(client, NAMESPACES, ({ metadata }) => metadata, { pageSize: 3 });

  it('by a connection that is always lost', async () => {
    proxy.mishap = second({ kind: 'cut' });
    expect(await listed()).toMatchObject({ known: false, reason: 'failed', detail: `${proxy.url}: aborted` });
  });

  it('by an answer that ends too early', async () => {
    proxy.mishap = second({ kind: 'truncate' });
    const detail = `${proxy.url}: the answer is no JSON, or was cut short`;
    expect(await listed()).toMatchObject({ known: false, reason: 'failed', detail });
  });

  it('by errors', async () => {
    proxy.mishap = second({ kind: 'answer', status: 500, text: 'broken' });
    expect(await listed()).toMatchObject({ known: false, reason: 'failed', detail: 'HTTP 500: broken' });
  });

  it('by losing the way to the next page, or sending the same page for ever', async () => {
    proxy.mishap = () => ({ kind: 'rewrite', rewrite: (text) => text.replace(/"continue":"[^"]+",/, '') });
    const detail = `${proxy.url}: the list was cut short after 3 objects`;
    expect(await listed()).toMatchObject({ known: false, reason: 'failed', detail });
    const { text } = await server.admin.ask(`${NAMESPACES}?limit=3`);
    proxy.mishap = () => ({ kind: 'answer', status: 200, text });
    expect(await listed()).toMatchObject({
      known: false,
      detail: `${proxy.url}: the list was cut short after 6 objects`,
    });
  });
});

describe('questions that are posted, and other addresses', () => {
  it('who am I, and may I', async () => {
    const self = await client.review('/apis/authentication.k8s.io/v1/selfsubjectreviews', {});
    expect(self).toMatchObject({ value: { status: { userInfo: { username: 'operator' } } } });
    const spec = { resourceAttributes: { verb: 'list', resource: 'pods' } };
    const review = await client.review('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { spec });
    expect(review).toMatchObject({ value: { status: { allowed: true } } });
  });

  it('the same credentials at the server itself, and a certificate that says who', async () => {
    expect(client.certificate).toMatchObject({ subject: 'O=system:masters, CN=operator' });
    const direct = client.at(server.url, 'kubernetes');
    expect(await direct.text('/readyz')).toMatchObject({ known: true, value: 'ok' });
  });

  it('a token goes only to servers that were verified, and is read anew from its file', async () => {
    const metadata = { name: 'keeper', namespace: 'default' };
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    await server.admin.ask(accounts, { method: 'POST', body: { metadata } });
    const { text } = await server.admin.ask(`${accounts}/keeper/token`, { method: 'POST', body: { spec: {} } });
    const { token } = (JSON.parse(text) as { status: { token: string } }).status;
    const file = join(dirname(server.admin.kubeconfig), 'keeper.token');
    await writeFile(file, token);
    const { certificate: _, key: __, ...anonymous } = { ...access, server: server.url };
    const whoIs = (asked: KubeClient) => asked.review('/apis/authentication.k8s.io/v1/selfsubjectreviews', {});
    for (const insecure of [false, true]) {
      const opened = await openClient({ ...anonymous, insecure, token: { file } });
      if (!opened.known) throw new Error(opened.detail);
      const account = { value: { status: { userInfo: { username: 'system:serviceaccount:default:keeper' } } } };
      expect(await whoIs(opened.value)).toMatchObject(account);
      const elsewhere = await whoIs(opened.value.at(server.url));
      if (insecure)
        expect(elsewhere).toMatchObject({ known: false, reason: 'denied', detail: 'HTTP 401: Unauthorized' });
      else expect(elsewhere).toMatchObject(account);
      opened.value.close();
    }
    await rm(file);
    expect(await openClient({ ...anonymous, token: { file } })).toMatchObject({ known: false, reason: 'absent' });
  });
});
