import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { busybox } from '../../../lab/vm/kernel.ts';
import { makeNetworkTestBed, type NetworkTestBed } from './network-test-bed.ts';

/** Where a fault is, what cannot be probed, and what a probe leaves behind. */

let bed: NetworkTestBed;

beforeEach(() => {
  bed = makeNetworkTestBed();
});

afterEach(async () => {
  await bed.remove();
});

const GATEWAY = '192.168.77.1';
const RANGE = '--dhcp-range=192.168.77.10,192.168.77.20,1h';
const UPLINK = ['--uplink', 'up0'];
const SHORT = ['--timeout', '1s'];
const PROBE_TIMES = { timeout: 30_000 };

function gateway() {
  return bed.station('gw', { address: `${GATEWAY}/24`, mac: '02:00:00:00:00:01' });
}

describe('the side a fault is on', () => {
  it('is the network, when the question left by the uplink and nobody answered', async () => {
    const { json } = await bed.probe([...SHORT, ...UPLINK]);
    expect(json).toMatchObject({ reason: 'dhcp-silent', side: 'network' });
    expect(json.evidence).toContainEqual(
      expect.objectContaining({ source: 'up0 out', value: expect.stringContaining('DHCP DISCOVER') }),
    );
  });

  it('is the node, when a server answers at the uplink and its bridge drops it', async () => {
    await gateway().dnsmasq([RANGE]);
    bed.node('sysctl -q -w net.bridge.bridge-nf-call-iptables=1');
    bed.node('iptables -P FORWARD DROP');
    const { json } = await bed.probe([...SHORT, ...UPLINK]);
    expect(json).toMatchObject({ reason: 'dhcp-silent', side: 'node', servers: [] });
    bed.node('sysctl -q -w net.bridge.bridge-nf-call-iptables=0');
    expect((await bed.probe(UPLINK)).json).toMatchObject({ state: 'active', reason: 'ok' });
  });

  it('is the node, when ARP passes its bridge and IP does not', async () => {
    gateway();
    bed.node('sysctl -q -w net.bridge.bridge-nf-call-iptables=1');
    bed.node('iptables -P FORWARD DROP');
    const given = ['--cidr', '192.168.77.0/24', '--gateway', GATEWAY];
    const { json } = await bed.probe([...given, ...UPLINK]);
    expect(json).toMatchObject({ reason: 'icmp-lost', side: 'node' });
  });

  it('is the node, when ARP answers are lost on its bridge', async () => {
    gateway();
    bed.node('nft add table bridge lost');
    bed.node('nft add chain bridge lost forward { type filter hook forward priority 0 ; }');
    bed.node('nft add rule bridge lost forward iifname up0 ether type arp drop');
    const { json } = await bed.probe(['--cidr', '192.168.77.0/24', '--gateway', GATEWAY, ...UPLINK]);
    expect(json).toMatchObject({ reason: 'arp-silent', side: 'node' });
  });
});

describe('a bridge without a way out', () => {
  it('has no carrier when its only port has none, until the cable is back', async () => {
    await gateway().dnsmasq([RANGE]);
    bed.node('ip link set up0 down');
    const dark = await bed.probe(SHORT);
    expect([dark.status, dark.json.reason]).toEqual([1, 'no-carrier']);
    bed.node('ip link set up0 up');
    expect((await bed.probe([])).json).toMatchObject({ state: 'active' });
  });

  it('has none when it is down, or has no ports: no frame is sent', async () => {
    bed.node('ip link set br0 down');
    expect((await bed.probe([])).json).toMatchObject({ reason: 'no-carrier', evidence: [] });
    bed.node('ip link set br0 up');
    bed.node('ip link del up0');
    const before = bed.state();
    expect((await bed.probe([])).json).toMatchObject({ reason: 'no-carrier', evidence: [] });
    expect(bed.state()).toEqual(before);
  });

  it('cannot carry a VLAN when it does not filter VLANs', async () => {
    const { status, json } = await bed.probe(['--vlan', '7']);
    expect([status, json.state, json.reason]).toEqual([1, 'inactive', 'vlan-missing']);
  });
});

describe('the node itself', () => {
  it('without a route to a network that works is told, and is no fault of the network', async () => {
    await gateway().dnsmasq([RANGE]);
    bed.node('ip link add mgmt type veth peer name mgmt1');
    bed.node('ip addr add 10.9.9.9/24 dev mgmt');
    for (const link of ['mgmt', 'mgmt1']) bed.node(`ip link set ${link} up`);
    const { status, json } = await bed.probe([]);
    expect(status).toBe(0);
    expect(json).toMatchObject({ state: 'active', reason: 'no-route', node: 'no-route' });
  });

  it('with an address in the network reaches it', async () => {
    await gateway().dnsmasq([RANGE]);
    bed.node('ip addr add 192.168.77.5/24 dev br0');
    expect((await bed.probe([])).json).toMatchObject({ state: 'active', reason: 'ok', node: 'reaches' });
  });
});

describe('what cannot be probed', () => {
  it('is denied without the capabilities, and names them', async () => {
    for (const capability of ['net_admin', 'net_raw']) {
      const { status, json } = await bed.probe([], { prefix: ['setpriv', '--bounding-set', `-${capability}`] });
      expect(status).toBe(3);
      expect(json).toMatchObject({ state: 'unknown', reason: 'denied' });
      expect(json.detail).toContain(`CAP_${capability.toUpperCase()}`);
    }
    expect(bed.throwaways()).toEqual([]);
  });

  it('is a bridge that is not there: wrong usage', async () => {
    for (const name of ['br9', 'up0']) {
      const { status, stdout, stderr } = await bed.probe(['--bridge', name]);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(name)]);
    }
  });

  it('is a bridge that vanishes meanwhile', async () => {
    const probe = bed.startProbe(['--json', '--timeout', '30s']);
    let told = '';
    probe.stdout?.on('data', (chunk) => {
      told += chunk;
    });
    await vi.waitUntil(() => bed.throwaways().length === 2, PROBE_TIMES);
    bed.node('ip link del br0');
    const [status] = await once(probe, 'close');
    expect(status).toBe(3);
    expect(JSON.parse(told)).toMatchObject({
      state: 'unknown',
      reason: 'failed',
      detail: 'br0 vanished during the probe',
    });
    expect(bed.throwaways()).toEqual([]);
  });
});

describe('what a probe leaves behind', () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    it(`is nothing after ${signal}: no interface, and no address taken`, async () => {
      const station = gateway();
      const server = await station.dnsmasq([RANGE]);
      const before = bed.state();
      const probe = bed.startProbe(['--count', '100']);
      const exit = once(probe, 'exit');
      await vi.waitUntil(() => server.leases() !== '', PROBE_TIMES);
      probe.kill(signal);
      const [, endedBy] = await exit;
      expect(endedBy).toBe(signal);
      await vi.waitUntil(() => server.leases() === '', PROBE_TIMES);
      expect(bed.state()).toEqual(before);
    });

  it('is nothing after SIGKILL and the next probe, and a lease of two minutes', async () => {
    const station = gateway();
    const server = await station.dnsmasq([RANGE]);
    const before = bed.state();
    const probe = bed.startProbe(['--count', '100']);
    const exit = once(probe, 'exit');
    await vi.waitUntil(() => server.leases() !== '', PROBE_TIMES);
    probe.kill('SIGKILL');
    await exit;
    expect(bed.throwaways()).toHaveLength(2);
    expect(server.output()).toMatch(/lease-time {2}2m/);
    expect((await bed.probe([])).json.state).toBe('active');
    expect(bed.throwaways()).toEqual([]);
    expect(bed.state()).toEqual(before);
  });
});

describe('while a probe runs', () => {
  it("the node does not answer for its own addresses in the VMs' network", async () => {
    const server = await gateway().dnsmasq([RANGE]);
    const vm = bed.station('vm', { on: 'bridge', address: '10.9.9.1/24' });
    // The bridge's own interface answers on its own account.
    bed.node('ip link set br0 arp off');
    bed.node('ip link add mgmt type veth peer name mgmt1');
    bed.node('ip addr add 10.9.9.9/24 dev mgmt');
    for (const link of ['mgmt', 'mgmt1']) bed.node(`ip link set ${link} up`);
    const probe = bed.startProbe(['--count', '100']);
    const exit = once(probe, 'exit');
    await vi.waitUntil(() => server.leases() !== '', PROBE_TIMES);
    // Duplicate address detection: status 0 says that nobody answered.
    const asked = vm.run(`${await busybox()} arping -D -c 3 -w 2 -I eth0 10.9.9.9`);
    expect(asked).toContain('Received 0 response(s)');
    probe.kill('SIGTERM');
    await exit;
  });
});

describe('--pcap', () => {
  it('is a file that tcpdump reads', async () => {
    await gateway().dnsmasq([RANGE]);
    const file = bed.file('probe.pcap');
    expect((await bed.probe(['--pcap', file])).status).toBe(0);
    const { stdout, status } = spawnSync('tcpdump', ['-nvr', file], { encoding: 'utf8' });
    expect(status).toBe(0);
    for (const word of ['Discover', 'Offer', 'Request', 'ACK', 'Release', `who-has ${GATEWAY}`, 'ICMP echo reply'])
      expect(stdout).toContain(word);
    expect(stdout).not.toContain('bad');
  });

  it('that cannot be written is wrong usage', async () => {
    const { status, stderr } = await bed.probe(['--pcap', '/nonexistent/probe.pcap']);
    expect(status).toBe(2);
    expect(stderr).toContain('/nonexistent/probe.pcap');
  });
});
