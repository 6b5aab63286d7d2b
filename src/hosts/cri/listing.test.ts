import { afterEach, beforeEach, expect, it } from 'vitest';
import { type CriServer, forgetting, lagging, reordered, startCriServer } from '../../../test/cri-server.ts';
import { answerCri, type ListedSandbox } from './listing.ts';

let server: CriServer;
beforeEach(async () => {
  server = await startCriServer();
});
afterEach(() => server.close());

async function listed(): Promise<readonly ListedSandbox[]> {
  const entry = await answerCri(server.socket);
  if (entry.state !== 'ok') throw new Error(entry.detail);
  return (JSON.parse(entry.text) as { items: ListedSandbox[] }).items;
}

async function ids(): Promise<readonly string[]> {
  return (await listed()).map(({ id }) => id);
}

it('lists every sandbox, and the network of those that are ready', async () => {
  server.sandboxes.set('a', { id: 'a', ips: ['10.52.0.7', 'fd00::7'] });
  server.sandboxes.set('b', { id: 'b', hostNetwork: true });
  server.sandboxes.set('c', { id: 'c', ready: false, ips: ['10.52.0.9'] });
  const [a, b, c] = await listed();
  expect(a?.network).toEqual({ ips: ['10.52.0.7', 'fd00::7'], hostNetwork: false });
  expect(b?.network).toEqual({ ips: [], hostNetwork: true });
  expect(c).not.toHaveProperty('network');
  expect(server.calls).toEqual(['ListPodSandbox', 'PodSandboxStatus a', 'PodSandboxStatus b']);
});

it('lists a sandbox that cannot be asked without its network, and asks the others', async () => {
  for (const id of ['a', 'b', 'c']) server.sandboxes.set(id, { id, ips: ['10.52.0.7'] });
  server.script({
    fail: (_, __, id) => (id === 'b' ? { code: 'NOT_FOUND', words: 'gone meanwhile' } : undefined),
  });
  expect((await listed()).map(({ id, network }) => [id, network?.ips])).toEqual([
    ['a', ['10.52.0.7']],
    ['b', undefined],
    ['c', ['10.52.0.7']],
  ]);
});

it('is no list at all when the runtime fails to list, or is not there', async () => {
  server.script({
    fail: (method) => (method === 'ListPodSandbox' ? { code: 'INTERNAL', words: 'metadata is locked' } : undefined),
  });
  const source = `ListPodSandbox at ${server.socket}`;
  expect(await answerCri(server.socket)).toEqual({
    state: 'failed',
    detail: `${source}: metadata is locked (INTERNAL)`,
  });
  expect(await answerCri('/nonexistent.sock')).toEqual({
    state: 'absent',
    detail: '/nonexistent.sock: No such file or directory',
  });
});

it('gives up with the caller', async () => {
  for (let index = 0; index < 100; index += 1) server.sandboxes.set(`s${index}`, { id: `s${index}` });
  const caller = new AbortController();
  server.script({ before: async (method) => (method === 'PodSandboxStatus' ? caller.abort() : undefined) });
  await answerCri(server.socket, { signal: caller.signal });
  expect(server.calls.length).toBeLessThan(20);
});

it('shows what a runtime shows that lags, reorders or leaves out', async () => {
  for (const id of ['a', 'b', 'c', 'd']) server.sandboxes.set(id, { id });
  server.script({ list: reordered(7) });
  const orders = [await ids(), await ids()];
  expect(orders.map((order) => [...order].sort())).toEqual([
    ['a', 'b', 'c', 'd'],
    ['a', 'b', 'c', 'd'],
  ]);
  expect(orders[0]).not.toEqual(orders[1]);
  server.script({ list: forgetting(2) });
  expect(await ids()).toEqual(['a', 'c']);
  server.script({ list: lagging(1) });
  expect(await ids()).toEqual(['a', 'b', 'c', 'd']);
  server.sandboxes.set('e', { id: 'e' });
  expect(await ids()).toEqual(['a', 'b', 'c', 'd']);
  expect(await ids()).toEqual(['a', 'b', 'c', 'd', 'e']);
});
