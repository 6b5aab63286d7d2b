import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { apiServer, type LabApiServer } from '../../../lab/kube/api-server.ts';
import { type LabProxy, type Mishap, startProxy } from '../../../lab/kube/proxy.ts';
import type { KubeConnection } from './connection.ts';
import { connectionFor } from './testing/connection.ts';
import type { Written } from './write.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
let server: LabApiServer;
let proxy: LabProxy;
let admin: KubeConnection;
let proxied: KubeConnection;

beforeAll(async () => {
  server = await apiServer();
  proxy = await startProxy(server);
  admin = await connectionFor(server.admin.kubeconfig);
  proxied = await connectionFor((await proxy.user({ name: 'operator', groups: ['system:masters'] })).kubeconfig);
});
afterEach(() => {
  proxy.mishap = () => undefined;
});
afterAll(async () => {
  admin.close();
  proxied.close();
  await proxy.stop();
  await server.dispose();
});

function map(name: string, data: Readonly<Record<string, string>>, metadata = {}) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data };
}

function objectOf(written: Written) {
  if (written.kind !== 'done') throw new Error(written.detail);
  return written.object as {
    metadata: { resourceVersion: string; managedFields: { manager: string; operation: string }[] };
    data?: Readonly<Record<string, string>>;
  };
}

describe('apply', () => {
  const ours = { manager: 'hayward-networks' };

  it("makes it, sets what is given, takes back what was ours and leaves what is others'", async () => {
    const path = `${MAPS}/applied`;
    const first = objectOf(await admin.apply(path, map('applied', { a: '1', b: '1' }), ours));
    expect(first.metadata.managedFields).toMatchObject([{ manager: 'hayward-networks', operation: 'Apply' }]);
    objectOf(await admin.merge(path, { data: { c: 'theirs' } }, { manager: 'harvester' }));
    const second = objectOf(await admin.apply(path, map('applied', { a: '2' }), ours));
    expect(second.data).toEqual({ a: '2', c: 'theirs' });
    expect(second.metadata.managedFields.map(({ manager }) => manager).sort()).toEqual([
      'harvester',
      'hayward-networks',
    ]);
  });

  it('of the same again changes nothing, not even the version', async () => {
    const body = map('same', { a: '1' });
    const first = objectOf(await admin.apply(`${MAPS}/same`, body, ours));
    const second = objectOf(await admin.apply(`${MAPS}/same`, body, ours));
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  it("does not take over what is another's, unless told to", async () => {
    const path = `${MAPS}/owned`;
    await admin.apply(path, map('owned', { a: 'theirs' }), { manager: 'harvester' });
    expect(await admin.apply(path, map('owned', { a: 'ours' }), ours)).toEqual({
      kind: 'conflict',
      detail: 'HTTP 409: Apply failed with 1 conflict: conflict with "harvester": .data.a',
    });
    const forced = await admin.apply(path, map('owned', { a: 'ours' }), { ...ours, force: true });
    expect(objectOf(forced).data).toEqual({ a: 'ours' });
  });

  it('to a subresource writes that alone', async () => {
    const path = '/api/v1/nodes/node-1';
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } };
    await admin.create('/api/v1/nodes', { ...node, spec: { podCIDR: '10.52.1.0/24' } });
    const phase = { ...node, spec: { unschedulable: true }, status: { phase: 'Running' } };
    const written = await admin.apply(`${path}/status`, phase, ours);
    expect(written).toMatchObject({ object: { spec: { podCIDR: '10.52.1.0/24' }, status: { phase: 'Running' } } });
    expect(objectOf(written)).not.toMatchObject({ spec: { unschedulable: true } });
  });
});

describe('what a write comes to', () => {
  it('merge: null removes; of what is not there: gone', async () => {
    await admin.create(MAPS, map('merged', { a: '1', b: '1' }));
    expect(objectOf(await admin.merge(`${MAPS}/merged`, { data: { a: null, c: '2' } })).data).toEqual({
      b: '1',
      c: '2',
    });
    expect(await admin.merge(`${MAPS}/none`, {})).toEqual({
      kind: 'gone',
      detail: 'HTTP 404: configmaps "none" not found',
    });
  });

  it('create: once; replace: only what has not changed; remove: once', async () => {
    const first = objectOf(await admin.create(MAPS, map('one', { a: '1' })));
    expect(first.metadata.managedFields).toMatchObject([{ manager: 'hayward', operation: 'Update' }]);
    expect(await admin.create(MAPS, map('one', {}))).toMatchObject({ kind: 'conflict' });
    const { resourceVersion } = first.metadata;
    const next = map('one', { a: '2' }, { resourceVersion });
    expect(objectOf(await admin.replace(`${MAPS}/one`, next)).data).toEqual({ a: '2' });
    expect(await admin.replace(`${MAPS}/one`, next)).toMatchObject({
      kind: 'conflict',
      detail: expect.stringContaining('the object has been modified'),
    });
    expect(await admin.remove(`${MAPS}/one`)).toMatchObject({ kind: 'done', object: { status: 'Success' } });
    expect(await admin.remove(`${MAPS}/one`)).toMatchObject({ kind: 'gone' });
  });

  it('refused by what it may, by its schema, and by us before it is sent', async () => {
    const stranger = await connectionFor((await server.user({ name: 'stranger' })).kubeconfig);
    expect(await stranger.apply(`${MAPS}/x`, map('x', {}), { manager: 'm' })).toMatchObject({
      kind: 'denied',
      detail: expect.stringContaining('User "stranger" cannot patch resource "configmaps"'),
    });
    stranger.close();
    expect(await admin.create(MAPS, map('Not A Name', {}))).toMatchObject({
      kind: 'failed',
      detail: expect.stringMatching(/^HTTP 422: .*Invalid value/),
    });
    const before = proxy.seen.length;
    const unless = () => 'not now';
    expect(await proxied.create(MAPS, map('never', {}), { unless })).toEqual({ kind: 'failed', detail: 'not now' });
    // The reason came up while a connection was made.
    let asked = 0;
    const fresh = proxied.apart();
    const late = () => (asked++ > 0 ? 'no longer' : undefined);
    const withheld = { kind: 'failed', detail: 'no longer' };
    expect(await fresh.create(MAPS, map('never', {}), { unless: late })).toEqual(withheld);
    expect(proxy.seen).toHaveLength(before);
    expect(await admin.json(`${MAPS}/never`)).toMatchObject({ reason: 'absent' });
  });

  it('asked again while the server is busy or the answer was lost, and done once', async () => {
    const busy: Mishap = { kind: 'answer', status: 429, text: 'too many requests', retryAfterS: 0 };
    for (const mishap of [busy, { kind: 'cut' } as const]) {
      const before = proxy.seen.length;
      proxy.mishap = (_, nth) => (nth === before ? mishap : undefined);
      const name = `again-${mishap.kind}`;
      expect(await proxied.apply(`${MAPS}/${name}`, map(name, { a: '1' }), { manager: 'm' })).toMatchObject({
        kind: 'done',
      });
      expect(proxy.seen.length - before).toBe(2);
    }
    const before = proxy.seen.length;
    proxy.mishap = (_, nth) => (nth === before ? { kind: 'cut' } : undefined);
    // It was made by the first request, whose answer nobody got.
    expect(await proxied.create(MAPS, map('made', {}))).toMatchObject({ kind: 'conflict' });
  });

  it('of hundreds at once: all done over a few connections', async () => {
    const connected = admin.apart();
    const names = Array.from({ length: 300 }, (_, index) => `many-${index}`);
    const before = await openFiles();
    const all = await Promise.all(names.map((name) => connected.create(MAPS, map(name, {}))));
    expect(all.every(({ kind }) => kind === 'done')).toBe(true);
    // Eight, and what the server opens for itself meanwhile.
    expect((await openFiles()) - before).toBeLessThan(50);
    connected.close();
  });
});

/** How many files the server has open, by its own count: its connections are most of them. */
async function openFiles(): Promise<number> {
  const metrics = await admin.text('/metrics');
  const lines = metrics.known ? metrics.value.split('\n') : [];
  return Number(/\d+$/.exec(lines.find((line) => line.startsWith('process_open_fds ')) ?? '')?.[0]);
}
