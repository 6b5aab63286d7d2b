import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Door } from '../../lab/door.ts';
import { apiServer, type LabApiServer } from '../../lab/kube/api-server.ts';
import { type CertificateAuthority, certificateAuthority } from '../../lab/kube/certificates.ts';
import { type ServerRoom, serverRoom } from '../../lab/kube/server-room.ts';
import { type ClusterObjects, clusterObjects } from '../../lab/kube/small-cluster.ts';
import { type KubeObject, node } from '../../lab/kube/small-objects.ts';
import { type LabWebhook, webhookServer } from '../../lab/kube/webhook-server.ts';
import { statusRunner, toldBy } from './testing/status-runner.ts';

const CONFIGURATION = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/guard';
const SERVICE = '/api/v1/namespaces/default/services/guard';
const ENDPOINTS = '/api/v1/namespaces/default/endpoints/guard';
const SERVERS = '/api/v1/namespaces/default/endpoints/kubernetes';
const NAMES = ['guard.default.svc'];
const HOUR_MS = 3_600_000;

let room: ServerRoom;
let server: LabApiServer;
let objects: ClusterObjects;
let hook: LabWebhook;
let door: Door;
let stranger: CertificateAuthority;
const ending: (() => Promise<void>)[] = [];
beforeAll(async () => {
  room = await serverRoom();
  ending.push(room.dispose);
  server = await apiServer({ room });
  ending.push(server.dispose);
  objects = clusterObjects(server);
  hook = await webhookServer(await server.authority.issue({ commonName: 'guard', names: NAMES }));
  ending.push(hook.stop);
  stranger = await certificateAuthority(join(dirname(server.admin.kubeconfig), 'stranger'), 'stranger');
  await objects.put('/api/v1/nodes/node-1', node('node-1', 11));
  await objects.change('/api/v1/nodes/node-1', ({ spec }) => delete spec.taints);
  // Nobody keeps it: see --endpoint-reconciler-type in the lab's arguments.
  await objects.put(SERVERS, { metadata: { name: 'kubernetes' }, subsets: [] });
  await objects.put(SERVICE, SERVICE_OBJECT);
  await objects.put(ENDPOINTS, endpoints('addresses'));
  await objects.put(CONFIGURATION, await configuration(server.authority));
  await openForTheServer();
});
afterAll(async () => {
  for (const step of ending.splice(0).reverse()) await step();
});

const SERVICE_OBJECT = {
  metadata: { name: 'guard' },
  spec: { ports: [{ name: 'https', port: 443, targetPort: 8443 }] },
};

function endpoints(list: 'addresses' | 'notReadyAddresses') {
  const subset = { [list]: [{ ip: '10.52.0.2' }], ports: [{ name: 'https', port: 8443 }] };
  return { metadata: { name: 'guard' }, subsets: [subset] };
}

function serversAt(addresses: readonly string[]) {
  const subset = { addresses: addresses.map((ip) => ({ ip })), ports: [{ name: 'https', port: 6443 }] };
  return (object: KubeObject): void => {
    object['subsets'] = addresses.length > 0 ? [subset] : [];
  };
}

async function configuration(authority: CertificateAuthority) {
  const caBundle = await readFile(authority.certificate, 'base64');
  const service = { namespace: 'default', name: 'guard', path: '/', port: 443 };
  const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }];
  const guard = { name: 'guard.example.org', clientConfig: { service, caBundle }, rules, failurePolicy: 'Fail' };
  const more = { sideEffects: 'None', admissionReviewVersions: ['v1'], timeoutSeconds: 2 };
  return { metadata: { name: 'guard' }, webhooks: [{ ...guard, ...more }] };
}

async function openForTheServer(): Promise<void> {
  door = await room.doorOut('10.52.0.2', 8443, hook.port);
}

let made = 0;
/** Has the API server ask the webhook; its answer. */
function create() {
  const body = { metadata: { name: `asked-${made++}` } };
  return server.admin.ask('/api/v1/namespaces/default/configmaps', { method: 'POST', body });
}

interface Said {
  readonly status: number | null;
  readonly verdict: string;
  readonly problems: readonly string[];
  readonly why: string;
}

const hayward = statusRunner({
  state: () => dirname(server.admin.kubeconfig),
  inside: (argv) => room.inside(argv),
});

/** What `status` says in the room, remembering what it said before. */
async function said(kubeconfig = server.admin.kubeconfig): Promise<Said> {
  const ran = await hayward({ kubeconfig }, '--json', '--deadline', '0');
  const { verdict, findings } = toldBy(ran);
  const found = findings.filter(({ status }) => status === 'problem');
  return {
    status: ran.status,
    verdict,
    problems: found.map(({ problem }) => problem),
    why: found.map(({ cause }) => cause).join(' '),
  };
}

const CLEAR = { status: 0, verdict: 'ready', problems: [] };

it.each([
  {
    name: 'slow',
    make: async () => {
      hook.delayMs = 1_200;
    },
    undo: async () => {
      hook.delayMs = 0;
    },
    why: 'It takes most of its time limit: 1.',
    refused: false,
  },
  {
    name: 'too slow',
    make: async () => {
      hook.delayMs = 2_500;
    },
    undo: async () => {
      hook.delayMs = 0;
    },
    why: 'Most calls of the API server to it failed: 1 of 1',
  },
  { name: 'dead', make: () => door.close(), undo: openForTheServer, why: 'It does not answer: refused' },
  {
    name: 'with a certificate that has expired',
    make: async () => {
      const notAfter = new Date(Date.now() - HOUR_MS);
      const notBefore = new Date(Date.now() - 2 * HOUR_MS);
      await hook.serve(await server.authority.issue({ commonName: 'guard', names: NAMES, notBefore, notAfter }));
    },
    undo: serveWell,
    why: 'does not stand up to its caBundle and name: CERT_HAS_EXPIRED',
  },
  {
    name: 'with a certificate for another name',
    make: async () => hook.serve(await server.authority.issue({ commonName: 'guard', names: ['guard.other.svc'] })),
    undo: serveWell,
    why: 'does not stand up to its caBundle and name: ERR_TLS_CERT_ALTNAME_INVALID',
  },
  {
    name: 'that another authority vouches for',
    make: async () => objects.put(CONFIGURATION, await configuration(stranger)),
    undo: async () => objects.put(CONFIGURATION, await configuration(server.authority)),
    why: 'does not stand up to its caBundle and name: ',
  },
  {
    name: 'without a Pod that is Ready',
    make: async () => {
      await objects.put(ENDPOINTS, endpoints('notReadyAddresses'));
      // Over a connection that it keeps open the API server would go on.
      await serveWell();
    },
    undo: () => objects.put(ENDPOINTS, endpoints('addresses')),
    why: 'No Ready Pod stands behind its Service: default/guard, 1 not ready',
  },
  {
    name: 'without its Service',
    make: async () => {
      // Its Endpoints go with it.
      await objects.remove(SERVICE);
      await serveWell();
    },
    undo: async () => {
      await objects.put(SERVICE, SERVICE_OBJECT);
      await objects.put(ENDPOINTS, endpoints('addresses'));
    },
    why: 'Its Service does not exist: default/guard',
  },
])(
  'a webhook $name turns webhook-unready and nothing else, and clears',
  async ({ make, undo, why, refused = true }) => {
    await make();
    try {
      // The API server learns of changed objects by a watch.
      const asked = refused ? await until(create, ({ status }) => status === 500) : await create();
      if (refused) expect(asked.text).toContain('failed calling webhook');
      const found = await said();
      expect(found).toMatchObject({ status: 1, verdict: 'ready', problems: ['webhook-unready'] });
      expect(found.why).toContain(why);
    } finally {
      await undo();
    }
    await until(create, ({ status }) => status === 201);
    // The first call after it may be one more that failed.
    await create();
    expect(await until(said, ({ status }) => status === 0)).toMatchObject(CLEAR);
  },
);

describe('each API server by itself', () => {
  it('one of three is dead, or shows a certificate of somebody else’s', async () => {
    const [first, second, third] = room.addresses;
    const port = Number(new URL(server.url).port);
    // What an API server of each node does: it listens there, and keeps its address in this object.
    const doors = await Promise.all([first, second].map((address) => room.doorOut(address, 6443, port)));
    await objects.change(SERVERS, serversAt(room.addresses));
    const dead = await said();
    expect(dead).toMatchObject({ status: 1, verdict: 'ready', problems: ['apiserver-unready'] });
    expect(dead.why).toBe(`https://${third}:6443: its host answers, but nothing listens there.`);
    doors.push(await room.doorOut(third, 6443, hook.port));
    const misled = await said();
    expect(misled).toMatchObject({ status: 1, verdict: 'ready', problems: ['apiserver-unready'] });
    expect(misled.why).toContain(`https://${third}:6443: its certificate is not accepted (Hostname`);
    await doors.pop()?.close();
    doors.push(await room.doorOut(third, 6443, port));
    expect(await said()).toMatchObject(CLEAR);
    for (const one of doors) await one.close();
    await objects.change(SERVERS, serversAt([]));
  });

  it('the only one seen shows a certificate of somebody else’s: that is not known, and said', async () => {
    const config = parse(await readFile(server.admin.kubeconfig, 'utf8'));
    config.clusters[0].cluster.server = `https://127.0.0.1:${hook.port}`;
    const kubeconfig = join(dirname(server.admin.kubeconfig), 'misled.kubeconfig');
    await writeFile(kubeconfig, stringify(config));
    const door = await room.doorOut('127.0.0.1', hook.port);
    expect(await said(kubeconfig)).toMatchObject({ status: 3, verdict: 'unknown', problems: [] });
    await door.close();
  });
});

async function serveWell(): Promise<void> {
  await hook.serve(await server.authority.issue({ commonName: 'guard', names: NAMES }));
}

/** Asks until it is as wanted; the tests' own limit ends it. */
async function until<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
  }
}
