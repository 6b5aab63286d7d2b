import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { apiServer, type LabApiServer } from '../../lab/kube/api-server.ts';
import type { Credentials } from '../../lab/kube/credentials.ts';
import { loopbackAddress, type ManagementSite, managementSite } from '../../lab/kube/management-site.ts';
import { type LabProxy, startProxy } from '../../lab/kube/proxy.ts';
import { type SmallCluster, smallCluster } from '../../lab/kube/small-cluster.ts';
import { service } from '../../lab/kube/small-objects.ts';
import { type Asker, CLI, causesIn, statusRunner, toldBy } from './testing/status-runner.ts';

const DAY_MS = 86_400_000;
const WEBHOOK = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/dead';
const RANCHER_WEBHOOK = '/api/v1/namespaces/cattle-system/endpoints/rancher-webhook';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';

/** As console asked with the node's own credentials up to Harvester v1.5.0-rc. */
const OLD_CHECK =
  '/api/v1/namespaces/harvester-system/pods?labelSelector=app.kubernetes.io%2Fname%3Dharvester&limit=500';

let server: LabApiServer;
let proxy: LabProxy;
let site: ManagementSite;
let cluster: SmallCluster;
let node: Credentials;
let address: string;
beforeEach(() => cluster.renew());
beforeAll(async () => {
  server = await apiServer();
  proxy = await startProxy(server);
  address = loopbackAddress();
  cluster = await smallCluster(server, address);
  site = await managementSite(server, address);
  node = await server.node('node-1');
});
afterAll(async () => {
  await site.stop();
  await proxy.stop();
  await server.dispose();
});

// Nothing is remembered from one to the next: each fault is met by a first look.
const hayward = statusRunner({ state: () => '/dev/null' });

/** What `status --json` says, in short: the exit status, the verdict, and each problem that is no consequence of another. */
async function judged(who: Asker, ...args: string[]) {
  const ran = await hayward(who, '--json', ...args);
  expect(ran.stderr).toBe('');
  const told = toldBy(ran);
  const problems = [...new Set(causesIn(told).map(({ problem }) => problem))];
  return { answer: [ran.status, told.verdict], problems, findings: told.findings };
}

const READY = [0, 'ready'];

describe('a cluster that is well', () => {
  it('is ready to a node whose old check is refused, and to an administrator', async () => {
    expect(await node.ask(OLD_CHECK)).toMatchObject({ status: 403 });
    for (const who of [node, server.admin]) {
      expect(await judged(who)).toMatchObject({ answer: READY, problems: [] });
    }
  });

  it('says which kubeconfig was used and who asks, and gives away no secret in any format', async () => {
    const { users } = parse(await readFile(node.kubeconfig, 'utf8'));
    const { 'client-key-data': key, 'client-certificate-data': certificate } = users[0].user;
    const formats = ['text', 'json', 'sarif', 'junit', 'prometheus'];
    const outputs = await Promise.all(formats.map((format) => hayward(node, '--format', format, '--verbose')));
    expect(outputs[0]?.stdout).toContain(`as system:node:node-1\n  by ${node.kubeconfig} (--kubeconfig)`);
    for (const { stdout, stderr } of outputs) {
      expect(stdout).not.toBe('');
      for (const secret of [key, certificate]) {
        const lines = Buffer.from(secret, 'base64').toString('utf8').split('\n').slice(1, -2);
        for (const text of [secret.slice(0, 60), ...lines]) expect(stdout + stderr).not.toContain(text);
      }
    }
  });
});

/** A fault made for real, and undone: what a node and an administrator are told while it is there. */
interface Fault {
  readonly name: string;
  make(): Promise<void>;
  undo(): Promise<void>;
  readonly arguments?: readonly string[];
  readonly toAdmin: { readonly answer: readonly [number, string]; readonly problems: readonly string[] };
  /** Where a node sees it, too. */
  readonly toNode?: { readonly answer: readonly [number, string]; readonly problems: readonly string[] };
}

const isReady = { answer: [0, 'ready'], problems: [] } as const;

const FAULTS: readonly Fault[] = [
  {
    name: 'the API server frozen, just now',
    make: () => server.freeze(),
    undo: async () => server.thaw(),
    toAdmin: { answer: [3, 'settling'], problems: ['apiserver-unready'] },
  },
  {
    name: 'the API server killed, for longer than anybody waits',
    make: () => server.kill(),
    undo: () => server.start(),
    arguments: ['--deadline', '0'],
    toAdmin: { answer: [1, 'not-ready'], problems: ['apiserver-unready'] },
    toNode: { answer: [1, 'not-ready'], problems: ['apiserver-unready'] },
  },
  {
    name: 'a webhook that is dead and may not fail',
    make: async () => {
      const caBundle = await readFile(server.authority.certificate, 'base64');
      const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }];
      const more = { sideEffects: 'None', admissionReviewVersions: ['v1'], failurePolicy: 'Fail' };
      const hook = {
        name: 'dead.example.org',
        clientConfig: { url: 'https://127.0.0.1:9/', caBundle },
        rules,
        ...more,
      };
      await cluster.put(WEBHOOK, { metadata: { name: 'dead' }, webhooks: [hook] });
    },
    undo: () => cluster.remove(WEBHOOK),
    arguments: ['--deadline', '0'],
    toAdmin: { answer: [1, 'ready'], problems: ['webhook-unready'] },
    toNode: isReady,
  },
  {
    name: 'Harvester’s own webhook without a Pod that is Ready',
    make: () => cluster.change('/api/v1/namespaces/harvester-system/endpoints/harvester-webhook', toNotReady),
    undo: () => cluster.change('/api/v1/namespaces/harvester-system/endpoints/harvester-webhook', toReady),
    arguments: ['--deadline', '0'],
    toAdmin: { answer: [1, 'not-ready'], problems: ['webhook-unready'] },
    toNode: { answer: [1, 'not-ready'], problems: ['webhook-unready'] },
  },
  {
    name: 'Rancher’s webhook without Endpoints, though its Service is there',
    make: () => cluster.remove(RANCHER_WEBHOOK),
    undo: () => cluster.put(RANCHER_WEBHOOK, service('rancher-webhook', 3).endpoints),
    arguments: ['--deadline', '0'],
    toAdmin: { answer: [1, 'not-ready'], problems: ['webhook-unready'] },
    toNode: { answer: [1, 'not-ready'], problems: ['webhook-unready'] },
  },
  {
    name: 'nothing at the management address',
    make: () => site.stop(),
    undo: async () => {
      site = await managementSite(server, address);
    },
    toAdmin: { answer: [3, 'settling'], problems: ['vip-unreachable'] },
    toNode: { answer: [3, 'settling'], problems: ['vip-unreachable'] },
  },
  {
    name: 'a certificate of somebody else’s at the management address',
    make: () => serveAt('shop.example.org'),
    undo: () => serveAt(address),
    toAdmin: { answer: [1, 'ready'], problems: ['vip-unreachable'] },
    toNode: { answer: [1, 'ready'], problems: ['vip-unreachable'] },
  },
];

async function serveAt(name: string): Promise<void> {
  await site.stop();
  site = await managementSite(server, address, name);
}

// biome-ignore lint/suspicious/noExplicitAny: an object of the API as it is
function toNotReady(object: any): void {
  for (const subset of object.subsets) {
    subset.notReadyAddresses = subset.addresses;
    subset.addresses = undefined;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: an object of the API as it is
function toReady(object: any): void {
  for (const subset of object.subsets) {
    subset.addresses = subset.notReadyAddresses;
    subset.notReadyAddresses = undefined;
  }
}

describe('a fault made for real turns its own condition, and clears when it is undone', () => {
  it.each(FAULTS)('$name', async ({ make, undo, arguments: more = [], toAdmin, toNode }) => {
    await make();
    try {
      expect(await judged(server.admin, ...more)).toMatchObject(toAdmin);
      if (toNode) expect(await judged(node, ...more)).toMatchObject(toNode);
    } finally {
      await undo();
    }
    await cluster.renew();
    expect(await judged(server.admin, ...more)).toMatchObject(isReady);
    if (toNode) expect(await judged(node, ...more)).toMatchObject(isReady);
  });

  it('a node whose kubelet renews its Lease no more', async () => {
    await cluster.renew(['node-1', 'node-3']);
    const old = new Date(Date.now() - DAY_MS).toISOString().replace('Z', '000Z');
    await cluster.change(`${LEASES}/node-2`, ({ spec }) => {
      spec.renewTime = old;
    });
    const { findings } = toldBy(await hayward(server.admin, '--json', '--deadline', '0'));
    const found = findings.filter(({ problem, status }) => problem === 'node-unready' && status === 'problem');
    expect(found).toMatchObject([{ subject: 'node-2' }]);
    await cluster.renew();
    expect(await judged(server.admin, '--deadline', '0')).toMatchObject(isReady);
  });

  it('a proxy that cuts lists in the middle, and answers 429 and 500, makes nothing not ready', async () => {
    const operator = await proxy.user({ name: 'operator', groups: ['system:masters'] });
    expect(await judged(operator)).toMatchObject(isReady);
    proxy.mishap = (path) => (path.startsWith('/api/v1/nodes?limit=500') ? { kind: 'truncate' } : undefined);
    expect(await judged(operator)).toMatchObject({ answer: [3, 'unknown'], problems: [] });
    // Every other request fails once: asked again, it is answered.
    let count = 0;
    const passing = [429, 500].map((status) => ({ kind: 'answer' as const, status, text: 'later', retryAfterS: 0 }));
    proxy.mishap = (path) => {
      const isHealth = path.startsWith('/livez') || path.startsWith('/readyz');
      count++;
      return isHealth || count % 3 > 0 ? undefined : passing[count % 2];
    };
    expect(await judged(operator)).toMatchObject(isReady);
    proxy.mishap = () => undefined;
  });
});

describe('what cannot be seen is not known, and never not ready', () => {
  it('to somebody who may see nothing', async () => {
    const stranger = await server.user({ name: 'stranger' });
    expect(await judged(stranger, '--deadline', '0')).toMatchObject({ answer: [3, 'unknown'], problems: [] });
    // Denied stays denied: there is nothing to wait for.
    expect(await judged(stranger, '--wait')).toMatchObject({ answer: [3, 'unknown'] });
  });

  it('and the command it names shows what is refused, and by which rule', async () => {
    const stranger = await server.user({ name: 'looker' });
    const { stdout } = await hayward(stranger);
    const next =
      /Next +hayward status (.*)$/m
        .exec(stdout)?.[1]
        ?.replace(/ --kubeconfig .*/, '')
        .split(' ') ?? [];
    const shown = await hayward(stranger, ...next);
    expect(shown.stdout).toContain('  node-authorization list nodes\n    HTTP 403: nodes is forbidden');
    expect(shown.stdout.replace(/\s+/g, ' ')).toContain('[RBAC: no rule allows it]');
  });

  it('to somebody whose certificate has expired, which is said', async () => {
    const late = { name: 'late', groups: ['system:masters'], notAfter: new Date(Date.now() - DAY_MS) };
    const expired = await server.user(late);
    expect(await judged(expired)).toMatchObject({ answer: [3, 'unknown'], problems: ['certificate-expiring'] });
    const { stdout } = await hayward(expired);
    expect(stdout.split('\n').length).toBeLessThanOrEqual(24);
    expect(stdout).toContain('HTTP 401: Unauthorized');
  });

  it.each([
    [['--kubeconfig', '/nonexistent/kubeconfig'], 'no kubeconfig: /nonexistent/kubeconfig'],
    [['--kubeconfig', ''], '--kubeconfig: expected a file, and it is empty'],
    [['--kubeconfig', CLI], `${CLI}: not a kubeconfig`],
    [['--only', 'node-unredy'], "unknown problem 'node-unredy' (did you mean node-unready?)"],
    [['--deadline', 'soon'], '--deadline soon: expected a duration like 90s, 10m or 1h'],
  ])('bad usage is one line and status 2: %j', async (args, line) => {
    const { status, stdout, stderr } = await hayward(node, ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^hayward: [^\n]*\n$/);
    expect(stderr).toContain(line);
  });
});

describe('--wait', () => {
  it('ends when it is decided: what was settling has come back', async () => {
    await server.kill();
    const waiting = hayward(server.admin, '--wait', '--json', '--deadline', '10m');
    await server.start();
    expect(await waiting).toMatchObject({ status: 0, stderr: '' });
  });

  it('ends when it is decided: the deadline is over', async () => {
    await server.kill();
    expect(await hayward(server.admin, '--wait', '--deadline', '1s')).toMatchObject({ status: 1 });
    await server.start();
  });
});
