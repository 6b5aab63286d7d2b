import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Door, openDoor } from '../../lab/door.ts';
import { ApiServerEnded, apiServer, type LabApiServer } from '../../lab/kube/api-server.ts';
import type { Credentials } from '../../lab/kube/credentials.ts';
import { loopbackAddress, managementSite } from '../../lab/kube/management-site.ts';
import { type SmallCluster, smallCluster } from '../../lab/kube/small-cluster.ts';
import { makeNetworkTestBed, type NetworkTestBed, type Station } from '../probes/vm-network/network-test-bed.ts';
import { type Asker, causesIn, statusRunner, type Told, type ToldFinding, toldBy } from './testing/status-runner.ts';

/** The name the test bed gives the node's own namespace. */
const onNode = (): string => holder.name.replace(/node-2$/, 'node');
const VIP = '192.168.77.250';
const HOLDER_MAC = '02:00:00:00:77:12';
const SERVICE = '/api/v1/namespaces/kube-system/services/ingress-expose';

/** node-1, a namespace with a bridge; node-2, a station that has the VIP; a switch between them. The API server is reached by doors. */
let bed: NetworkTestBed;
let holder: Station;
let server: LabApiServer;
let cluster: SmallCluster;
let node: Credentials;
let toServer: Door;
const ending: (() => Promise<void>)[] = [];
beforeAll(async () => {
  server = await apiServer();
  ending.push(server.dispose);
  bed = makeNetworkTestBed();
  ending.push(bed.remove);
  cluster = await smallCluster(server, VIP);
  node = await server.node('node-1');
  bed.node('ip address add 192.168.77.11/24 dev br0');
  holder = bed.station('node-2', { mac: HOLDER_MAC, address: '192.168.77.12/24' });
  holder.run(`ip address add ${VIP}/32 dev eth0`);
  const site = await managementSite(server, loopbackAddress(), VIP);
  ending.push(site.stop);
  const port = Number(new URL(server.url).port);
  const here = { address: '127.0.0.1', port };
  toServer = await doorToServer();
  ending.push(() => toServer.close());
  for (const [from, to] of [
    [{ namespace: holder.name, address: VIP, port: 6443 }, here],
    [
      { namespace: holder.name, address: VIP, port: 443 },
      { address: site.address, port: 443 },
    ],
  ] as const) {
    const door = await openDoor(from, to);
    ending.push(door.close);
  }
});
function doorToServer(): Promise<Door> {
  const here = { address: '127.0.0.1', port: Number(new URL(server.url).port) };
  return openDoor({ ...here, namespace: onNode() }, here);
}
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const step of ending.splice(0).reverse()) await step();
});

const hayward = statusRunner({
  state: () => bed.file('state'),
  inside: (argv) => ['ip', 'netns', 'exec', onNode(), ...argv],
});

/** What `status` says on node-1: its exit status, verdict, and every problem that is no other's consequence. */
async function said(who: Asker = node, ...more: string[]) {
  await cluster.renew();
  return look(who, ...more);
}

async function look(who: Asker, ...more: string[]) {
  const ran = await hayward(who, '--json', '--deadline', '0', ...more);
  expect(ran.stderr).toBe('');
  const told = toldBy(ran);
  const wrong = causesIn(told).map(({ problem, subject }) => [problem, subject]);
  return { answer: [ran.status, told.verdict], wrong, findings: told.findings };
}

const of = (problem: string, { findings }: Pick<Told, 'findings'>): readonly ToldFinding[] =>
  findings.filter((one) => one.problem === problem);

/** A program of node-1 that has a port. */
async function listening(kind: 'tcp' | 'udp', port: number) {
  const bind =
    kind === 'tcp'
      ? `require('node:net').createServer().listen(${port}, said)`
      : `require('node:dgram').createSocket('udp4').bind(${port}, said)`;
  const program = `const said = () => process.stdout.write('here'); process.title = 'other-program'; ${bind}`;
  const argv = ['netns', 'exec', onNode(), process.execPath, '-e', program];
  const child = spawn('ip', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

const children: ChildProcess[] = [];

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const READY = { answer: [0, 'ready'], wrong: [] };

describe('who has the management address, on a real segment', () => {
  it('is the one that answers ARP, seen by a node and by an administrator alike', async () => {
    for (const who of [node, server.admin]) {
      const seen = await said(who);
      expect(seen).toMatchObject(READY);
      expect(of('vip-conflict', seen)).toMatchObject([
        { status: 'ok', evidence: [{ source: 'ARP on br0', value: HOLDER_MAC }] },
      ]);
    }
  });

  it('is in conflict where two machines answer, until one of them is gone', async () => {
    const thief = bed.station('thief', { mac: '02:00:00:00:77:66', address: `${VIP}/24` });
    const seen = await said();
    // Connections go to the one or the other: it is the cause where they fail.
    expect(seen.wrong).toEqual([['vip-conflict', `${VIP} two-answer`]]);
    const [{ cause = '' } = {}] = of('vip-conflict', seen);
    for (const mac of [HOLDER_MAC, '02:00:00:00:77:66']) expect(cause).toContain(mac);
    thief.run('ip link set eth0 down');
    bed.node('ip neigh flush all');
    expect(await said()).toMatchObject(READY);
  });

  it('may pass to another where a DHCP server offers it, and does not where it is reserved', async () => {
    const dhcp = bed.station('dhcp', { address: '192.168.77.1/24' });
    const pool = '--dhcp-range=192.168.77.240,192.168.77.251,255.255.255.0,10m';
    const offering = await dhcp.dnsmasq([pool]);
    const seen = await said();
    expect(seen).toMatchObject({ answer: [1, 'ready'], wrong: [['vip-conflict', `${VIP} offered`]] });
    expect(of('vip-conflict', seen)[0]?.cause).toContain('192.168.77.1 offers it');
    // A DISCOVER takes nothing.
    expect(offering.leases()).toBe('');
    await offering.stop();
    const reserving = await dhcp.dnsmasq([pool, `--dhcp-host=${HOLDER_MAC},${VIP}`]);
    expect(await said()).toMatchObject(READY);
    await reserving.stop();
  });

  it('is lost where the macvlan of kube-vip on this node is down, and found again when it is up', async () => {
    const mac = '02:00:00:00:77:aa';
    const byDhcp = {
      'kube-vip.io/loadbalancerIPs': '0.0.0.0',
      'kube-vip.io/requestedIP': VIP,
      'kube-vip.io/hwaddr': mac,
    };
    const annotate = (annotations: Readonly<Record<string, string>>): Promise<void> =>
      cluster.change(SERVICE, ({ metadata }) => {
        Object.assign(metadata, { annotations: { ...metadata.annotations, ...annotations } });
      });
    await annotate(byDhcp);
    bed.node(`ip link add vip-0a1b2c3d link br0 address ${mac} type macvlan mode bridge`);
    bed.node(`ip address add ${VIP}/32 dev vip-0a1b2c3d`);
    holder.run('ip link set eth0 down');
    const seen = await said();
    expect(seen.wrong).toEqual([['vip-conflict', `${VIP} down`]]);
    expect(of('vip-conflict', seen)[0]?.cause).toContain('node-1 vip-0a1b2c3d');
    bed.node('ip link del vip-0a1b2c3d');
    holder.run('ip link set eth0 up');
    bed.node('ip neigh flush all');
    // One answers, and it is not kube-vip's.
    expect(await said()).toMatchObject({ answer: [1, 'ready'], wrong: [['vip-conflict', `${VIP} foreign`]] });
    await annotate({ 'kube-vip.io/hwaddr': HOLDER_MAC });
    expect(await said()).toMatchObject(READY);
  });
});

it('ports that the cluster needs on this node are taken by another program, until that ends', async () => {
  // UDP 68 matters in DHCP mode, which the case before has switched on.
  const wanted = [
    ['tcp', 10250, 'kubelet'],
    ['tcp', 2112, "kube-vip's metrics"],
    ['udp', 68, "kube-vip's DHCP client"],
    ['udp', 8472, 'VXLAN'],
  ] as const;
  const others = await Promise.all(wanted.map(([kind, port]) => listening(kind, port)));
  const seen = await said();
  expect(seen.answer).toEqual([1, 'ready']);
  expect(seen.wrong.sort()).toEqual(wanted.map(([kind, port]) => ['port-conflict', `${kind}/${port}`]));
  for (const [kind, port, owner] of wanted) {
    const found = of('port-conflict', seen).find(({ subject }) => subject === `${kind}/${port}`);
    expect(found?.title).toContain(`other-program has port ${port}/${kind}`);
    expect(found?.title).toContain(owner);
  }
  for (const other of others) await end(other);
  expect(await said()).toMatchObject(READY);
});

it('an argument with which the API server does not start is told of before, and is the cause afterwards', async () => {
  const file = bed.file('config.yaml');
  const GATE = 'NodeAuthorizerEnablePodSelectors';
  writeFileSync(file, `token: not-to-be-shown\nkube-apiserver-arg:\n- feature-gates=${GATE}=false\n`);
  const before = await said(server.admin, '--apiserver-arguments', file);
  expect(before).toMatchObject({ answer: [1, 'ready'], wrong: [['apiserver-argument-invalid', GATE]] });
  expect(JSON.stringify(before.findings)).not.toContain('not-to-be-shown');
  await server.kill();
  // A door takes connections also where nobody is behind it; the port itself refuses them.
  await toServer.close();
  await expect(server.start({ featureGates: { [GATE]: false } })).rejects.toThrow(ApiServerEnded);
  expect(await look(server.admin, '--apiserver-arguments', file)).toMatchObject({
    answer: [1, 'not-ready'],
    wrong: [['apiserver-argument-invalid', GATE]],
  });
  await server.start({});
  toServer = await doorToServer();
  expect(await said(server.admin)).toMatchObject(READY);
});
