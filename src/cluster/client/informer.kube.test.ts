import { readdir, readFile, readlink } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiServer, type LabApiServer } from '../../../lab/kube/api-server.ts';
import { type LabProxy, startProxy } from '../../../lab/kube/proxy.ts';
import type { Unknown } from '../../hosts/reading.ts';
import type { KubeConnection } from './connection.ts';
import { type InformOptions, inform } from './informer.ts';
import type { InformerEvent } from './kept.ts';
import type { ListedObject } from './list.ts';
import { connectionFor } from './testing/connection.ts';
import { eventually } from './testing/eventually.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const COUNT = 1000;
let server: LabApiServer;
let proxy: LabProxy;
let admin: KubeConnection;
let proxied: KubeConnection;
let end: AbortController;
const informers: Promise<void>[] = [];

beforeAll(async () => {
  server = await apiServer();
  proxy = await startProxy(server);
  admin = await connectionFor(server.admin.kubeconfig);
  const { kubeconfig } = await proxy.user({ name: 'operator', groups: ['system:masters'] });
  proxied = await connectionFor(kubeconfig);
});
beforeEach(() => {
  end = new AbortController();
  proxy.mishap = () => undefined;
});
afterEach(async () => {
  end.abort();
  await Promise.all(informers.splice(0));
});
afterAll(async () => {
  admin.close();
  proxied.close();
  await proxy.stop();
  await server.dispose();
});

async function put(name: string, text: string, labels = {}): Promise<void> {
  const options = { manager: 'test', force: true };
  expect(await admin.apply(`${MAPS}/${name}`, map(name, text, labels), options)).toMatchObject({ kind: 'done' });
}

function map(name: string, text: string, labels = {}) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data: { text } };
}

function textOf({ data }: ListedObject): string | undefined {
  return (data as { text?: string } | undefined)?.text;
}

/** An informer that writes down what it is told. */
function watched<T>(options: Pick<InformOptions<T>, 'client' | 'path' | 'read'> & Partial<InformOptions<T>>) {
  const events: InformerEvent<T>[] = [];
  const troubles: (Unknown | undefined)[] = [];
  const informer = inform<T>({
    onChange: (event) => events.push(event),
    onTrouble: (why) => troubles.push(why),
    signal: end.signal,
    ...options,
  });
  informers.push(informer.ended);
  return { ...informer, events, troubles };
}

/** Requests for a list's path from now on: how many lists, how many watches. */
function requestsFor(path: string): () => { lists: number; watches: number } {
  const before = proxy.seen.length;
  return () => {
    const asked = proxy.seen.slice(before).filter((one) => one.startsWith(`${path}?`));
    const watches = asked.filter((one) => one.includes('watch=true')).length;
    return { lists: asked.length - watches, watches };
  };
}

describe('what is there', () => {
  it('a thousand objects, in pages, and what becomes of them', async () => {
    const names = Array.from({ length: COUNT }, (_, index) => `map-${index}`);
    const made = await Promise.all(names.map((name) => admin.create(MAPS, map(name, 'first', { of: 'many' }))));
    expect(new Set(made.map(({ kind }) => kind))).toEqual(new Set(['done']));
    const requests = requestsFor(MAPS);
    const many = watched({ client: proxied, path: MAPS, labelSelector: 'of=many', read: textOf });
    expect(await many.synced).toBe(true);
    expect(requests()).toMatchObject({ lists: COUNT / 500 });
    expect(many.items.size).toBe(COUNT);
    expect(many.events).toHaveLength(COUNT);
    await put('map-7', 'second', { of: 'many' });
    await eventually(() => many.items.get('default/map-7')).toBe('second');
    expect(many.events.at(-1)).toEqual({ kind: 'set', key: 'default/map-7', value: 'second', before: 'first' });
    // No longer among those that are selected: gone, though it is there.
    await admin.merge(`${MAPS}/map-8`, { metadata: { labels: { of: null } } });
    await admin.remove(`${MAPS}/map-9`);
    await eventually(() => many.items.size).toBe(COUNT - 2);
    expect(many.events.slice(-2)).toEqual(
      ['map-8', 'map-9'].map((name) => ({ kind: 'removed', key: `default/${name}`, before: 'first' })),
    );
    expect(many.events).toHaveLength(COUNT + 3);
  });

  it('only what is read is kept', async () => {
    await put('kept', 'yes');
    await put('ignored', 'no');
    const read = (object: ListedObject) => (textOf(object) === 'yes' ? textOf(object) : undefined);
    const some = watched({ client: admin, path: MAPS, fieldSelector: 'metadata.name!=kube-root-ca.crt', read });
    await some.synced;
    expect([...some.items]).toEqual([['default/kept', 'yes']]);
    await put('kept', 'no');
    await put('ignored', 'yes');
    await eventually(() => [...some.items]).toEqual([['default/ignored', 'yes']]);
    expect(some.events.map(({ kind, key }) => `${kind} ${key}`)).toEqual([
      'set default/kept',
      'removed default/kept',
      'set default/ignored',
    ]);
  });

  it('of metadata alone, nothing else is sent', async () => {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' }, spec: { podCIDR: '10.52.1.0/24' } };
    await admin.create('/api/v1/nodes', node);
    const read = (object: ListedObject) => [object['kind'], 'spec' in object || 'status' in object];
    const nodes = watched({ client: admin, path: '/api/v1/nodes', metadataOnly: true, read });
    await nodes.synced;
    await admin.merge('/api/v1/nodes/node-1', { metadata: { labels: { role: 'x' } } });
    await eventually(() => nodes.events.length).toBe(2);
    for (const event of nodes.events) {
      expect(event).toMatchObject({ key: 'node-1', value: ['PartialObjectMetadata', false] });
    }
  });
});

describe('trouble', () => {
  it('a watch that is cut in the middle goes on where it was, without a new list', async () => {
    await put('cut', '0');
    const requests = requestsFor(MAPS);
    const cut = watched({ client: proxied, path: MAPS, fieldSelector: 'metadata.name=cut', read: textOf });
    await cut.synced;
    for (const round of ['1', '2', '3']) {
      await eventually(() => proxy.cutWatches()).toBe(1);
      await put('cut', round);
      await eventually(() => cut.items.get('default/cut')).toBe(round);
    }
    expect(cut.events.map((event) => event.kind === 'set' && event.value)).toEqual(['0', '1', '2', '3']);
    expect(requests()).toEqual({ lists: 1, watches: 4 });
    expect(cut.troubles).toEqual([]);
  });

  it('a watch asks by TCP whether the other side is still there: a host may vanish without a word', async () => {
    const { synced } = watched({ client: admin, path: MAPS, read: textOf });
    await synced;
    await eventually(() => askedOfTcp(new URL(server.url).port)).toBe(1);
  });

  it('a server that is frozen is left and taken up again', async () => {
    await put('frozen', 'before');
    const options = { client: admin, path: MAPS, fieldSelector: 'metadata.name=frozen', read: textOf };
    const frozen = watched({ ...options, silentMs: 2_000 });
    await frozen.synced;
    await server.freeze();
    await eventually(() => frozen.troubles.at(-1)).toMatchObject({
      reason: 'failed',
      detail: expect.stringContaining('no answer in 2 s'),
    });
    expect([...frozen.items.values()]).toEqual(['before']);
    server.thaw();
    await put('frozen', 'after');
    await eventually(() => [...frozen.items.values()]).toEqual(['after']);
    await eventually(() => frozen.troubles.at(-1)).toBe(undefined);
  });

  it('what was missed beyond what the server remembers is listed anew', async () => {
    await put('old-1', '1', { of: 'old' });
    await put('old-2', '1', { of: 'old' });
    const old = watched({ client: proxied, path: MAPS, labelSelector: 'of=old', read: textOf });
    await old.synced;
    const requests = requestsFor(MAPS);
    // It cannot watch while things change and the server forgets what they were.
    proxy.mishap = (path) => (path.includes('watch=true') ? { kind: 'cut' } : undefined);
    await eventually(() => proxy.cutWatches()).toBe(1);
    await put('old-1', '2', { of: 'old' });
    await admin.remove(`${MAPS}/old-2`);
    await put('old-3', '1', { of: 'old' });
    await server.kill();
    await eventually(() => old.troubles.length).toBeGreaterThan(0);
    expect([...old.items.keys()]).toEqual(['default/old-1', 'default/old-2']);
    await server.start();
    proxy.mishap = () => undefined;
    await eventually(() => Object.fromEntries(old.items)).toEqual({ 'default/old-1': '2', 'default/old-3': '1' });
    expect(requests()).toMatchObject({ lists: 1 });
    expect(old.events.slice(2).map(({ kind, key }) => `${kind} ${key}`)).toEqual([
      'removed default/old-2',
      'set default/old-1',
      'set default/old-3',
    ]);
    await put('old-1', '3', { of: 'old' });
    await eventually(() => old.items.get('default/old-1')).toBe('3');
  });

  it('what may not be seen, or is not served, is said and seen as soon as it can be', async () => {
    const stranger = await connectionFor((await server.user({ name: 'stranger' })).kubeconfig);
    const path = '/apis/lab.example/v1/things';
    const things = watched({ client: stranger, path, read: ({ kind }) => kind });
    await eventually(() => things.troubles.at(-1)).toMatchObject({ reason: 'denied' });
    await bind('stranger');
    await eventually(() => things.troubles.at(-1)).toMatchObject({ reason: 'absent' });
    await define();
    expect(await things.synced).toBe(true);
    expect(things.troubles.at(-1)).toBe(undefined);
    await admin.create(path, { apiVersion: 'lab.example/v1', kind: 'Thing', metadata: { name: 'one' } });
    await eventually(() => [...things.items]).toEqual([['one', 'Thing']]);
    stranger.close();
  });

  it('ended before it saw anything, it says so and stops', async () => {
    const client = await connectionFor((await server.user({ name: 'nobody' })).kubeconfig);
    const never = watched({ client, path: MAPS, read: textOf });
    await eventually(() => never.troubles.length).toBe(1);
    end.abort();
    expect(await never.synced).toBe(false);
    await never.ended;
    client.close();
  });
});

/**
 * How many connections of ours to a port of 127.0.0.1 have a keep-alive timer of seconds (proc(5), /proc/net/tcp: timer 2, in
 * hundredths): those that are idle have one of a second at most. The server has connections to itself.
 */
async function askedOfTcp(port: string): Promise<number> {
  const to = `0100007F:${Number(port).toString(16).toUpperCase().padStart(4, '0')}`;
  const fds = await readdir('/proc/self/fd');
  const ours = new Set(await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))));
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
  return lines.filter(([, , remote, , , timer, , , , inode]) => {
    const [kind, when = ''] = timer?.split(':') ?? [];
    return remote === to && ours.has(`socket:[${inode}]`) && kind === '02' && Number.parseInt(when, 16) > 200;
  }).length;
}

/** Allows a user to look at everything. */
async function bind(name: string): Promise<void> {
  const RBAC = '/apis/rbac.authorization.k8s.io/v1';
  const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list', 'watch'] }];
  const made = [
    await admin.create(`${RBAC}/clusterroles`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name },
      rules,
    }),
    await admin.create(`${RBAC}/clusterrolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }],
    }),
  ];
  expect(made.map(({ kind }) => kind)).toEqual(['done', 'done']);
}

/** Serves a kind that was not served before. */
async function define(): Promise<void> {
  const openAPIV3Schema = { type: 'object' };
  const made = await admin.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.lab.example' },
    spec: {
      group: 'lab.example',
      scope: 'Cluster',
      names: { plural: 'things', singular: 'thing', kind: 'Thing' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  });
  expect(made.kind).toBe('done');
}
