import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { freePort } from '../../lab/free-port.ts';
import { apiServer, type LabApiServer } from '../../lab/kube/api-server.ts';
import { applyManifest, manifestObjects } from '../../lab/kube/manifests.ts';
import {
  connected,
  defineAttachments,
  defineVmNetworks,
  type Look,
  playAgents,
  putAttachment,
  putNamespace,
  putNode,
  writeRoute,
} from '../../lab/kube/vm-networks.ts';
import type { KubeConnection } from '../cluster/client/connection.ts';
import { connectionFor } from '../cluster/client/testing/connection.ts';
import { VM_NETWORKS } from '../vm-networks/cluster/model.ts';
import { namespacedPath, vmNetworkReportOf } from '../vm-networks/cluster/objects.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const LIMIT = { timeout: 90_000, interval: 50 };

let server: LabApiServer;
let client: KubeConnection;
let look: Look = () => connected();
const stop = new AbortController();
let agents: { readonly ended: Promise<void> } | undefined;
const running: ChildProcess[] = [];

beforeAll(async () => {
  server = await apiServer();
  client = await connectionFor(server.admin.kubeconfig);
  await putNamespace(client, 'hayward');
  for (const name of ['node-1', 'node-2']) await putNode(client, name);
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  stop.abort();
  await agents?.ended;
  client?.close();
  await server?.dispose();
});

interface Workload {
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly [{ readonly command: string[]; readonly args: string[] }] };
    };
  };
}

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function networks(...args: readonly string[]): Promise<Ran> {
  const argv = [CLI, 'networks', ...args, '--kubeconfig', server.admin.kubeconfig];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      argv,
      { env: { ...process.env, LC_ALL: 'C.UTF-8', LANG: '' } },
      (error, stdout, stderr) => resolve({ status: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
    );
  });
}

interface Controller {
  readonly child: ChildProcess;
  readonly events: { readonly type: string; readonly [field: string]: unknown }[];
  readonly ended: Promise<number | null>;
}

function controller(name: string, ...more: readonly string[]): Controller {
  const args = [
    'networks',
    'controller',
    '--name',
    name,
    '--default-route',
    'auto',
    '--kubeconfig',
    server.admin.kubeconfig,
  ];
  const child = spawn(process.execPath, [CLI, ...args, ...more], { stdio: ['ignore', 'ignore', 'pipe'] });
  running.push(child);
  const events: Controller['events'] = [];
  let rest = '';
  child.stderr.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) events.push(JSON.parse(line) as Controller['events'][number]);
  });
  return { child, events, ended: once(child, 'close').then(([code]) => code as number | null) };
}

async function connectedStatus(name: string): Promise<string | undefined> {
  const read = await client.json(namespacedPath(VM_NETWORKS, { namespace: 'default', name }));
  const report = read.known ? vmNetworkReportOf(read.value as never) : undefined;
  return report?.conditions.find(({ type }) => type === 'Connected')?.status;
}

const says = (one: Controller, type: string): Promise<void> =>
  vi.waitFor(() => expect(one.events.map((event) => event.type)).toContain(type), LIMIT);

it.each(['controller', 'agent'])(
  'is deployed by a manifest the API server takes, and whose words it understands: %s',
  async (what) => {
    const file = fileURLToPath(new URL(`../../deploy/networks/${what}.yaml`, import.meta.url));
    await applyManifest(client, file);
    for (const { spec } of (await manifestObjects(file)) as unknown as Workload[]) {
      const [{ command, args }] = spec.template.spec.containers;
      expect(command).toEqual(['hayward']);
      expect(args.slice(0, 2)).toEqual(['networks', what]);
      // As the kubelet fills in what the field references tell.
      const filled = args.slice(2).map((arg) => arg.replace(/\$\([A-Z_]+\)/g, 'filled-in'));
      expect(await networks(what, ...filled, '--help')).toMatchObject({ status: 0, stderr: '' });
    }
  },
);

it('lists nothing where there is no Multus', async () => {
  expect(await networks('list')).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining('no NetworkAttachmentDefinitions'),
  });
});

it('lists by Harvester’s annotation where no controller is', async () => {
  await defineAttachments(client);
  expect(await networks('list')).toMatchObject({ status: 0, stdout: expect.stringContaining('no VM networks') });
  const route = (connectivity: string) =>
    JSON.stringify({ mode: 'auto', cidr: '172.16.0.0/24', gateway: '172.16.0.1', connectivity });
  await putAttachment(client, { name: 'up', route: route('true') });
  await putAttachment(client, { name: 'down', vlan: 101, route: route('DHCP failed') });
  await putAttachment(client, { name: 'silent', vlan: 102 });
  const { status, stdout } = await networks('list', '--json');
  expect(status).toBe(1);
  const { findings, networks: all, targets } = JSON.parse(stdout);
  expect(targets).toEqual([
    { name: 'default', via: 'kubernetes', profile: 'harvester', profileEvidence: [expect.any(String)] },
  ]);
  expect(all.map((one: Record<string, unknown>) => [one['name'], one['state'], one['source']])).toEqual([
    ['down', 'inactive', 'annotation'],
    ['silent', 'unknown', 'annotation'],
    ['up', 'active', 'annotation'],
  ]);
  expect(findings).toContainEqual(
    expect.objectContaining({ problem: 'vm-network-dhcp', subject: 'default/down', status: 'problem' }),
  );
  expect(findings).toContainEqual(
    expect.objectContaining({ problem: 'vm-network-route-missing', subject: 'default/silent', status: 'problem' }),
  );
  const text = (await networks('list')).stdout;
  expect(text).toMatch(/default\/down .*Inactive\*/);
  expect(text).toContain('no controller reports');
});

it('probes no network that is not there, and says which command names those that are', async () => {
  expect(await networks('probe', 'nowhere')).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringMatching(
      /^hayward: default\/nowhere: there is no such VM network; hayward networks list .*"nowhere" not found/,
    ),
  });
});

it('goes on under another leader when the first is killed', async () => {
  await defineVmNetworks(client);
  agents = playAgents(client, (...asked) => look(...asked), stop.signal);
  const first = controller('first');
  await says(first, 'leading');
  const second = controller('second');
  await says(second, 'waiting');
  await vi.waitFor(async () => expect(await connectedStatus('up')).toBe('True'), LIMIT);
  first.child.kill('SIGKILL');
  await first.ended;
  await putAttachment(client, { name: 'late', vlan: 103 });
  await says(second, 'leading');
  await vi.waitFor(async () => expect(await connectedStatus('late')).toBe('True'), LIMIT);
  // What the first had done is not done again.
  expect(second.events.filter(({ type }) => type === 'route-written').map(({ network }) => network)).not.toContain(
    'default/up',
  );
  second.child.kill('SIGTERM');
  expect(await second.ended).toBe(0);
  expect(second.events.at(-1)?.type).toBe('stopped');
});

it('lists what the controller reports, who differs and what is stale', async () => {
  look = (node, key) => {
    if (node === 'node-2' && key === 'default/mixed') {
      return {
        state: 'inactive',
        reason: 'vlan-missing',
        side: 'network',
        message: 'the switch port \u001b[31mlacks VLAN 104',
      };
    }
    return connected();
  };
  await putAttachment(client, { name: 'mixed', vlan: 104, route: '{"mode":"auto"}' });
  const port = await freePort();
  const one = controller('third', '--listen', `127.0.0.1:${port}`);
  await vi.waitFor(async () => expect(await connectedStatus('mixed')).toBe('False'), LIMIT);
  await writeRoute(
    client,
    'default/up',
    '{"mode":"auto","cidr":"172.16.0.0/24","gateway":"172.16.0.1","connectivity":"false"}',
  );
  await says(one, 'route-stale');
  const { status, stdout } = await networks('list', '--json');
  expect(status).toBe(1);
  const { findings, networks: all, agents: each } = JSON.parse(stdout);
  const mixed = all.find(({ name }: { name: string }) => name === 'mixed');
  expect(mixed).toMatchObject({
    state: 'inactive',
    reason: 'VlanMissing',
    source: 'report',
    seenAt: expect.any(String),
  });
  expect(mixed.nodes.map(({ name, differs }: Record<string, unknown>) => [name, differs])).toEqual([
    ['node-1', false],
    ['node-2', true],
  ]);
  expect(each.map(({ node }: { node: string }) => node)).toEqual(['node-1', 'node-2']);
  expect(findings).toContainEqual(
    expect.objectContaining({ problem: 'vm-network-dhcp', subject: 'default/mixed', severity: 'critical' }),
  );
  expect(findings).toContainEqual(
    expect.objectContaining({ problem: 'vm-network-status-stale', subject: 'default/up', status: 'problem' }),
  );
  const text = (await networks('list')).stdout;
  expect(text).toMatch(/Nodes that differ:\n {2}default\/mixed node-2: vlan-missing/);
  expect(text).not.toContain('\u001b');
  const answer = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  expect(await answer('/readyz')).toBe('leading\n');
  const metrics = await answer('/metrics');
  expect(metrics).toContain(
    'hayward_vm_network_connected{namespace="default",name="mixed",status="False",reason="VlanMissing"} 0',
  );
  expect(metrics).toContain(
    'hayward_vm_network_status_stale{namespace="default",name="up",status="False",reason="StatusStale"} 1',
  );
  expect(metrics).toMatch(/hayward_networks_writes_total\{request="report",outcome="done"\} \d/);
  one.child.kill('SIGTERM');
  expect(await one.ended).toBe(0);
});
