import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { type ApiServerOptions, apiServer, type LabApiServer } from '../../lab/kube/api-server.ts';
import type { Credentials } from '../../lab/kube/credentials.ts';
import { loopbackAddress, type ManagementSite, managementSite } from '../../lab/kube/management-site.ts';
import { type LabProxy, startProxy } from '../../lab/kube/proxy.ts';
import { type SmallCluster, smallCluster } from '../../lab/kube/small-cluster.ts';
import type { KubeObject } from '../../lab/kube/small-objects.ts';
import { type Asker, statusRunner, type Told, toldBy } from './testing/status-runner.ts';

const OLD_CHECK =
  '/api/v1/namespaces/harvester-system/pods?labelSelector=app.kubernetes.io%2Fname%3Dharvester&limit=500';

let server: LabApiServer;
let proxy: LabProxy;
let site: ManagementSite;
let cluster: SmallCluster;
let node: Credentials;
let operator: Credentials;
let folder: string;
const ending: (() => Promise<void>)[] = [];
beforeAll(async () => {
  server = await apiServer();
  ending.push(server.dispose);
  folder = dirname(server.admin.kubeconfig);
  proxy = await startProxy(server);
  ending.push(proxy.stop);
  const address = loopbackAddress();
  cluster = await smallCluster(server, address);
  site = await managementSite(server, address);
  ending.push(site.stop);
  node = await server.node('node-1');
  operator = await proxy.user({ name: 'operator', groups: ['system:masters'] });
});
afterAll(async () => {
  for (const step of ending.splice(0).reverse()) await step();
});

/** Each run remembers those before, whoever ran them. */
const hayward = statusRunner({ state: () => join(folder, 'state') });

async function answerTo(who: Asker, ...args: string[]): Promise<Told> {
  return toldBy(await hayward(who, '--json', ...args));
}

describe('an API that lies makes nothing ready nor not ready, and no stack', () => {
  const isHealth = (path: string): boolean => /^\/(?:livez|readyz)/.test(path);
  const isNodes = (path: string): boolean => path.startsWith('/api/v1/nodes?limit=500');
  const always = (text: string) => () => text;

  it.each([
    ['with a list where an object is', isHealth, always('[]')],
    ['with nothing', isHealth, always('null')],
    ['with a page', isHealth, always('<html>Welcome</html>')],
    ['with something else', isHealth, always('{"kind":"Status","metadata":{},"status":"Success"}')],
    ['with lists of what is no object', isHealth, always('{"kind":"NodeList","items":[1,null,{"metadata":[]}]}')],
    ['with what is nested without end', isHealth, always('['.repeat(200_000))],
    ['with more than anybody reads', (path: string) => !isNodes(path), () => 'x'.repeat(65 << 20)],
  ])('%s', async (_, isTrue, rewrite) => {
    proxy.mishap = (path) => (isTrue(path) ? undefined : { kind: 'rewrite', rewrite });
    try {
      const { status, stdout, stderr } = await hayward(operator, '--json', '--deadline', '0');
      expect({ status, stderr }).toEqual({ status: 3, stderr: '' });
      const { verdict, findings } = JSON.parse(stdout) as Told;
      const found = findings.filter(({ status: own, severity }) => own === 'problem' && severity !== 'info');
      expect({ verdict, found }).toEqual({ verdict: 'unknown', found: [] });
      expect(stdout).not.toMatch(/\n\s+at |TypeError|RangeError/);
    } finally {
      proxy.mishap = () => undefined;
    }
  });

  it('about its health', async () => {
    proxy.mishap = (path) =>
      isHealth(path) ? { kind: 'rewrite', rewrite: always('<html>Welcome</html>') } : undefined;
    const { verdict, findings } = await answerTo(operator, '--deadline', '0');
    proxy.mishap = () => undefined;
    // The API server at the management address is another one, as far as can be told, and says that it is ready.
    expect(verdict).toBe('ready');
    expect(findings.find(({ subject }) => subject === proxy.url)).toMatchObject({
      status: 'unknown',
      severity: 'info',
    });
  });

  it('with what a terminal would obey', async () => {
    const rewrite = (text: string): string => text.replaceAll('node-2', 'node-2\\u001b[2J\\u202e\\u0007');
    proxy.mishap = (path) => (isNodes(path) ? { kind: 'rewrite', rewrite } : undefined);
    for (const format of ['text', 'json', 'sarif', 'junit', 'prometheus']) {
      const { stdout, stderr } = await hayward(operator, '--format', format, '--verbose', '--deadline', '0');
      expect(stdout + stderr).not.toMatch(/[\x07\x1b\u202e]/);
    }
    proxy.mishap = () => undefined;
  });
});

it('a token is in no output and in nothing that is kept', async () => {
  const token = 'planted-0123456789-token';
  const config = parse(await readFile(server.admin.kubeconfig, 'utf8'));
  config.users[0].user = { token };
  const kubeconfig = join(folder, 'token.kubeconfig');
  await writeFile(kubeconfig, stringify(config));
  const runs = [
    ...['text', 'json', 'sarif', 'junit', 'prometheus'].map((format) => ['--format', format, '--verbose']),
    ['--wait', '--deadline', '0'],
    ['--lang', 'zh-CN'],
  ];
  for (const args of runs) {
    const { status, stdout, stderr } = await hayward({ kubeconfig }, ...args);
    expect(status).toBe(3);
    expect(stdout).not.toBe('');
    expect(stdout + stderr).not.toContain('planted');
  }
  const kept = join(folder, 'state', 'status');
  const files = await Promise.all((await readdir(kept)).map((name) => readFile(join(kept, name), 'utf8')));
  expect(files.length).toBeGreaterThan(0);
  expect(files.join('')).not.toContain('planted');
});

/** What happens to a cluster one after another, and what both are told then. */
interface Episode {
  readonly name: string;
  happens(): Promise<void>;
  readonly toAdmin: string;
  readonly toNode?: string;
  /** What the node's old-style request is answered. */
  readonly old?: number;
}

async function restart(options: ApiServerOptions): Promise<void> {
  await server.kill();
  await server.start(options);
}

const OFF = { AuthorizeNodeWithSelectors: false, AuthorizeWithSelectors: false };

function ready(status: 'True' | 'Unknown', bootID?: string) {
  return (object: KubeObject): void => {
    const now = new Date().toISOString().replace(/\.\d+/, '');
    const reason = status === 'True' ? 'KubeletReady' : 'NodeStatusUnknown';
    const condition = object['status'].conditions.find(({ type }: { type: string }) => type === 'Ready');
    Object.assign(condition, { status, reason, lastTransitionTime: now });
    if (bootID !== undefined) object['status'].nodeInfo.bootID = bootID;
  };
}

const NODE = (name: string): string => `/api/v1/nodes/${name}`;

const EPISODES: readonly Episode[] = [
  { name: 'all is well', happens: async () => undefined, toAdmin: 'ready', old: 403 },
  { name: 'the API server is gone', happens: () => server.kill(), toAdmin: 'settling' },
  { name: 'it is back', happens: () => server.start(), toAdmin: 'ready', old: 403 },
  {
    name: 'it is started without the gates that look at selectors',
    happens: () => restart({ featureGates: OFF }),
    toAdmin: 'ready',
    old: 200,
  },
  { name: 'the API server is upgraded', happens: () => restart({ version: '1.34' }), toAdmin: 'ready', old: 403 },
  { name: 'node-2 is rebooting', happens: () => cluster.change(NODE('node-2'), ready('Unknown')), toAdmin: 'ready' },
  {
    name: 'node-2 is in another boot',
    happens: () => cluster.change(NODE('node-2'), ready('True', 'b')),
    toAdmin: 'ready',
  },
  {
    name: 'node-1 itself is rebooting',
    happens: () => cluster.change(NODE('node-1'), ready('Unknown')),
    toAdmin: 'ready',
    // Of the others it is told nothing.
    toNode: 'unknown',
  },
  {
    name: 'all nodes are rebooting',
    happens: async () => {
      for (const name of cluster.nodes) await cluster.change(NODE(name), ready('Unknown'));
    },
    toAdmin: 'settling',
    toNode: 'unknown',
  },
  {
    name: 'all nodes are in another boot',
    happens: async () => {
      for (const name of cluster.nodes) await cluster.change(NODE(name), ready('True', 'c'));
    },
    toAdmin: 'ready',
  },
  {
    name: 'a kubelet is upgraded',
    happens: () =>
      cluster.change(NODE('node-1'), ({ status }) => {
        status.nodeInfo.kubeletVersion = 'v1.34.2+rke2r1';
      }),
    toAdmin: 'ready',
  },
];

it('an administrator and a node are never told the contrary, whatever happens', async () => {
  for (const { name, happens, toAdmin, toNode = toAdmin, old } of EPISODES) {
    await happens();
    await cluster.renew().catch(() => undefined);
    const [admin, own] = [await answerTo(server.admin), await answerTo(node)];
    expect([admin.verdict, own.verdict], name).toEqual([toAdmin, toNode]);
    if (old !== undefined) expect(await node.ask(OLD_CHECK), name).toMatchObject({ status: old });
  }
});

it('what a scheduled status saw before counts: a server that comes and goes, a node that reboots again and again', async () => {
  for (const boot of ['d', 'e']) {
    await cluster.change(NODE('node-3'), ready('True', boot));
    await cluster.renew();
    await answerTo(server.admin);
  }
  const { findings } = await answerTo(server.admin);
  const reboots = findings.find(({ subject }) => subject === 'node-3 reboots');
  expect(reboots).toMatchObject({ problem: 'node-unready', status: 'problem', severity: 'warning' });
  let last: Told | undefined;
  for (let round = 0; round < 2; round++) {
    await server.kill();
    await answerTo(server.admin);
    await server.start();
    await cluster.renew();
    last = await answerTo(server.admin);
  }
  // Asked once, it is as it is; --wait would wait for it to stay so.
  expect(last?.verdict).toBe('ready');
  const flapping = last?.findings.find(({ problem }) => problem === 'apiserver-unready');
  expect(flapping).toMatchObject({
    status: 'problem',
    phase: 'flapping',
    cause: expect.stringContaining('bad 3 times'),
  });
});
