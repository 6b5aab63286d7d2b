import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeNetworkTestBed, type NetworkTestBed, type Station } from './network-test-bed.ts';

/** Real servers and gateways, each fault made and undone: it has its own reason, and clears. */

let bed: NetworkTestBed;

beforeEach(() => {
  bed = makeNetworkTestBed();
});

afterEach(async () => {
  await bed.remove();
});

const GATEWAY = '192.168.77.1';
const GATEWAY_MAC = '02:00:00:00:00:01';
const RANGE = '--dhcp-range=192.168.77.10,192.168.77.20,1h';
const MANUAL = ['--cidr', '192.168.77.0/24', '--gateway', GATEWAY];

function gateway(name = 'gw', mac = GATEWAY_MAC): Station {
  return bed.station(name, { address: `${GATEWAY}/24`, mac });
}

async function gatewayWithDhcp(): Promise<Station> {
  const station = gateway();
  await station.dnsmasq([RANGE]);
  return station;
}

async function told(args: readonly string[] = []) {
  const { status, json } = await bed.probe(args);
  return { status, state: json.state, reason: json.reason, json };
}

const ACTIVE = { status: 0, state: 'active', reason: 'ok' };

describe('a network that works', () => {
  it('tells CIDR, gateway and server from the offer, and gives the address back', async () => {
    const server = await gateway().dnsmasq([RANGE]);
    const before = bed.state();
    const { json, ...rest } = await told();
    expect(rest).toEqual(ACTIVE);
    expect(json).toMatchObject({
      cidr: '192.168.77.0/24',
      gateway: GATEWAY,
      gatewayMacs: [GATEWAY_MAC],
      lossPercent: 0,
      sent: 5,
      answered: 5,
      address: { leased: true },
      servers: [{ address: GATEWAY, mac: GATEWAY_MAC, relay: null }],
    });
    expect(server.output()).toContain('DHCPRELEASE');
    expect(server.leases()).toBe('');
    expect(bed.state()).toEqual(before);
  });

  it('without DHCP, where network and gateway are given: from an address that nobody has', async () => {
    gateway();
    const { json, ...rest } = await told(MANUAL);
    expect(rest).toEqual(ACTIVE);
    expect(json).toMatchObject({ servers: [], address: { leased: false }, answered: 5 });
  });

  it('with a host beyond its gateway, and without', async () => {
    const station = gateway();
    await station.dnsmasq([RANGE]);
    station.run('ip addr add 192.0.2.1/32 dev lo');
    const near = await bed.probe(['--beyond', '192.0.2.1']);
    expect([near.status, near.json.beyond]).toMatchObject([0, { address: '192.0.2.1', sent: 5, answered: 5 }]);
    const far = await bed.probe(['--beyond', '192.0.2.99']);
    expect([far.status, far.json.state, far.json.beyond]).toMatchObject([1, 'active', { sent: 5, answered: 0 }]);
    expect(far.json.findings).toContainEqual(
      expect.objectContaining({ problem: 'vm-network-gateway-unreachable', status: 'problem', severity: 'warning' }),
    );
  });

  it('whose gateway and DHCP server are VMs on the same bridge', async () => {
    bed.station('gw', { on: 'bridge', address: `${GATEWAY}/24`, mac: GATEWAY_MAC });
    const dhcp = bed.station('dhcp', { on: 'bridge', address: '192.168.77.2/24' });
    await dhcp.dnsmasq([RANGE, `--dhcp-option=3,${GATEWAY}`]);
    bed.node('ip link set up0 down');
    const { json, ...rest } = await told(['--uplink', 'up0']);
    expect(rest).toEqual(ACTIVE);
    expect(json).toMatchObject({ gateway: GATEWAY, servers: [{ address: '192.168.77.2' }] });
  });

  it('whose server offers after four seconds', async () => {
    await gateway().dnsmasq([RANGE, '--dhcp-reply-delay=4']);
    const { json, ...rest } = await told();
    expect(rest).toEqual(ACTIVE);
    expect(json.servers[0]?.offerMs).toBeGreaterThanOrEqual(4000);
  });

  it('whose server is behind a relay', async () => {
    const relay = gateway();
    const server = bed.station('far', {});
    relay.run(`ip link add eth1 type veth peer name eth1 netns ${server.name}`);
    relay.run('ip addr add 10.9.0.1/24 dev eth1');
    relay.run('ip link set eth1 up');
    server.run('ip link set eth0 down');
    server.run('ip addr add 10.9.0.2/24 dev eth1');
    server.run('ip link set eth1 up');
    server.run('ip route add default via 10.9.0.1');
    relay.run('sysctl -q -w net.ipv4.ip_forward=1');
    const leases = await server.dnsmasq([RANGE, '--dhcp-option=3,192.168.77.1']);
    await relay.dnsmasq([`--dhcp-relay=${GATEWAY},10.9.0.2`]);
    const { json, ...rest } = await told();
    expect(rest).toEqual(ACTIVE);
    expect(json.servers).toMatchObject([{ address: '10.9.0.2', mac: GATEWAY_MAC, relay: GATEWAY }]);
    expect(leases.output()).toContain('DHCPRELEASE');
    expect(leases.leases()).toBe('');
  });

  it('whose server offers an address that somebody has', async () => {
    bed.station('squatter', { address: '192.168.77.10/24', mac: '02:00:00:00:00:09' });
    const server = await gateway().dnsmasq(['--dhcp-range=192.168.77.10,192.168.77.10,1h']);
    const { json, ...rest } = await told();
    expect(rest).toEqual(ACTIVE);
    expect(json).toMatchObject({ address: { leased: false }, answered: 5 });
    expect(server.leases()).toBe('');
  });
});

describe('DHCP', () => {
  it('silent, until a server is there', async () => {
    const station = gateway();
    expect(await told(['--timeout', '1s'])).toMatchObject({ status: 1, state: 'inactive', reason: 'dhcp-silent' });
    await station.dnsmasq([RANGE]);
    expect(await told()).toMatchObject(ACTIVE);
  });

  it('that offers an address and refuses it', async () => {
    const station = gateway();
    // A pool for DISCOVER alone: what was offered is not available when it is requested.
    const subnet = {
      subnet: '192.168.77.0/24',
      pools: [{ pool: '192.168.77.10 - 192.168.77.20', 'client-class': 'discovering' }],
      'option-data': [{ name: 'routers', data: GATEWAY }],
    };
    const server = await station.kea(subnet, [{ name: 'discovering', test: 'pkt4.msgtype == 1' }]);
    const { json, ...rest } = await told();
    expect(rest).toEqual({ status: 1, state: 'inactive', reason: 'dhcp-nak' });
    expect(json.findings).toContainEqual(expect.objectContaining({ problem: 'vm-network-dhcp', status: 'problem' }));
    await server.stop();
    await station.dnsmasq([RANGE]);
    expect(await told()).toMatchObject(ACTIVE);
  });

  it('from a second server that contradicts the first', async () => {
    await gatewayWithDhcp();
    const rogue = bed.station('rogue', { on: 'bridge', address: '10.66.0.1/24', mac: '02:00:00:00:00:66' });
    const server = await rogue.dnsmasq(['--dhcp-range=10.66.0.10,10.66.0.20,1h']);
    const { status, json } = await told(['--dhcp-server', GATEWAY]);
    expect(status).toBe(1);
    expect(json).toMatchObject({ state: 'active', gateway: GATEWAY });
    expect(json.servers.map(({ address, mac }) => [address, mac]).sort()).toEqual([
      ['10.66.0.1', '02:00:00:00:00:66'],
      [GATEWAY, GATEWAY_MAC],
    ]);
    expect(json.findings).toContainEqual(
      expect.objectContaining({ problem: 'vm-network-rogue-dhcp', status: 'problem', severity: 'warning' }),
    );
    const unnamed = await told();
    expect(unnamed.json.findings).toContainEqual(expect.objectContaining({ problem: 'vm-network-rogue-dhcp' }));
    await server.stop();
    expect(await told()).toMatchObject(ACTIVE);
  });
});

describe('the gateway', () => {
  it('silent to ARP, until it is there', async () => {
    const station = gateway();
    station.run('ip link set eth0 down');
    const { json, ...rest } = await told(MANUAL);
    expect(rest).toEqual({ status: 1, state: 'inactive', reason: 'arp-silent' });
    expect(json.findings).toContainEqual(
      expect.objectContaining({ problem: 'vm-network-gateway-unreachable', status: 'problem', severity: 'critical' }),
    );
    station.run('ip link set eth0 up');
    expect(await told(MANUAL)).toMatchObject(ACTIVE);
  });

  it('that answers ARP and no ping', async () => {
    const station = await gatewayWithDhcp();
    station.run('iptables -A INPUT -p icmp -j DROP');
    const { json, ...rest } = await told();
    expect(rest).toEqual({ status: 1, state: 'inactive', reason: 'icmp-lost' });
    expect(json).toMatchObject({ lossPercent: 100, answered: 0, gatewayMacs: [GATEWAY_MAC] });
    station.run('iptables -D INPUT -p icmp -j DROP');
    expect(await told()).toMatchObject(ACTIVE);
  });

  it('whose address a second station claims', async () => {
    await gatewayWithDhcp();
    const double = gateway('double', '02:00:00:00:00:02');
    const { status, json } = await told();
    expect(status).toBe(1);
    expect([...json.gatewayMacs].sort()).toEqual([GATEWAY_MAC, '02:00:00:00:00:02']);
    expect(json.findings).toContainEqual(
      expect.objectContaining({ problem: 'vm-network-gateway-unreachable', status: 'problem', severity: 'warning' }),
    );
    double.run('ip link set eth0 down');
    expect(await told()).toMatchObject(ACTIVE);
  });

  for (const [lost, count, state, reason] of [
    [1, 5, 'active', 'ok'],
    [2, 5, 'inactive', 'loss'],
    [2, 10, 'active', 'ok'],
    [3, 10, 'inactive', 'loss'],
  ] as const)
    it(`that loses ${lost} of ${count} pings: ${state}`, async () => {
      const station = await gatewayWithDhcp();
      for (let n = 0; n < lost; n += 1) {
        // The first rule sees all, each later one what those before it let pass.
        const rule = `-p icmp --icmp-type echo-request -m statistic --mode nth --every ${count - n} --packet 0 -j DROP`;
        station.run(`iptables -A INPUT ${rule}`);
      }
      const { json, ...rest } = await told(['--count', String(count)]);
      expect(rest).toEqual({ status: state === 'active' ? 0 : 1, state, reason });
      expect(json).toMatchObject({ sent: count, answered: count - lost, lossPercent: (lost / count) * 100 });
      station.run('iptables -F INPUT');
      expect(await told(['--count', String(count)])).toMatchObject(ACTIVE);
    });
});
