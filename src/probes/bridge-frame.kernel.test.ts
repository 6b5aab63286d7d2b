import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Reading } from '../hosts/reading.ts';
import type { BridgeProbe } from './bridge-frame.ts';
import { makeTestBed, type TestBed } from './kernel-test-bed.ts';

let bed: TestBed;

beforeEach(() => {
  bed = makeTestBed();
  // A bridge with a port of its own, as a node has. IPv6 and multicast snooping, for which a bridge reports to a group of
  // its own (224.0.0.106), are off, so that nothing but the probe sends anything.
  bed.set('net.ipv6.conf.all.disable_ipv6', '1');
  bed.set('net.ipv6.conf.default.disable_ipv6', '1');
  bed.run('ip link add br0 type bridge mcast_snooping 0');
  bed.run('ip link add vm0 type veth peer name vm1');
  bed.run('ip link set vm0 master br0');
  for (const link of ['br0', 'vm0', 'vm1']) bed.run(`ip link set ${link} up`);
});

afterEach(() => {
  bed.remove();
});

function seen(reading: Reading<BridgeProbe>): BridgeProbe {
  if (!reading.known) throw new Error(`${reading.reason}: ${reading.detail}`);
  return reading.value;
}

function arrivals(probe: BridgeProbe): Record<string, boolean> {
  const all = Object.entries({ ...probe.protocols, ...probe.control });
  return Object.fromEntries(all.map(([kind, tally]) => [kind, tally.arrived > 0]));
}

const CONTROL = { arp: true, experimental: true };

describe('what iptables does to a bridge', () => {
  for (const nf of ['0', '1'])
    for (const policy of ['ACCEPT', 'DROP']) {
      const passes = nf === '0' || policy === 'ACCEPT';
      it(`bridge-nf-call-iptables ${nf}, FORWARD ${policy}: ${passes ? 'passes' : 'filtered'}`, () => {
        bed.set('net.bridge.bridge-nf-call-iptables', nf);
        bed.run(`iptables -P FORWARD ${policy}`);
        const probe = seen(bed.bridge('br0'));
        expect(probe.verdict).toBe(passes ? 'passes' : 'filtered');
        expect(arrivals(probe)).toEqual({ ...CONTROL, icmp: passes, udp: passes, tcp: passes });
        expect(probe.evidence).toContainEqual({ source: '/proc/sys/net/bridge/bridge-nf-call-iptables', value: nf });
      });
    }

  it('by the bridge own switch alone', () => {
    bed.set('net.bridge.bridge-nf-call-iptables', '0');
    bed.run('iptables -P FORWARD DROP');
    expect(seen(bed.bridge('br0')).verdict).toBe('passes');
    bed.run('ip link set br0 type bridge nf_call_iptables 1');
    expect(seen(bed.bridge('br0')).verdict).toBe('filtered');
  });

  it('protocol by protocol', () => {
    bed.set('net.bridge.bridge-nf-call-iptables', '1');
    bed.run('iptables -A FORWARD -p tcp -j DROP');
    const probe = seen(bed.bridge('br0'));
    expect(probe.verdict).toBe('filtered');
    expect(arrivals(probe)).toEqual({ ...CONTROL, icmp: true, udp: true, tcp: false });
    expect(probe.protocols.tcp.sent).toBe(3);
  });

  it('to the addresses it is given', () => {
    bed.set('net.bridge.bridge-nf-call-iptables', '1');
    bed.run('iptables -A FORWARD -s 10.1.0.5 -d 10.1.0.6 -j DROP');
    expect(seen(bed.bridge('br0')).verdict).toBe('passes');
    expect(seen(bed.bridge('br0', { source: '10.1.0.5', destination: '10.1.0.6' })).verdict).toBe('filtered');
  });

  it('a rewritten source is told', () => {
    bed.set('net.bridge.bridge-nf-call-iptables', '1');
    bed.run('iptables -t nat -A POSTROUTING -p udp -j SNAT --to-source 10.9.9.9');
    const probe = seen(bed.bridge('br0'));
    expect(probe.protocols.udp.rewrittenSource).toBe('10.9.9.9');
    expect(probe.protocols.icmp.rewrittenSource).toBeUndefined();
  });
});

describe('a bridge that does not forward', () => {
  it('is told from one that is filtered', () => {
    bed.run('ip link set br0 down');
    const probe = seen(bed.bridge('br0'));
    expect(probe.verdict).toBe('not-forwarding');
    expect(probe.portState).toBe('disabled');
  });

  it('because its spanning tree still listens', () => {
    bed.run('ip link set br0 type bridge stp_state 1');
    const probe = seen(bed.bridge('br0', { settleMs: 200 }));
    expect(probe.verdict).toBe('not-forwarding');
    expect(probe.portState).toBe('listening');
  });

  it('until its spanning tree has let the ports forward', () => {
    // Hundredths of a second; the shortest the kernel takes.
    bed.run('ip link set br0 type bridge stp_state 1 forward_delay 200');
    const probe = seen(bed.bridge('br0'));
    expect(probe.portState).toBe('forwarding');
    expect(probe.verdict).toBe('passes');
  });
});

describe('what cannot be probed', () => {
  it('is a reading with a reason', () => {
    expect(bed.bridge('br9')).toMatchObject({ known: false, reason: 'failed' });
    expect(bed.bridge('vm0')).toMatchObject({ known: false, reason: 'failed', detail: 'vm0 is not a bridge' });
    expect(bed.bridge('br0', { vlan: 7 })).toMatchObject({ known: false, detail: 'br0 does not filter VLANs' });
  });

  it('is denied without the capabilities', () => {
    for (const capability of ['net_admin', 'net_raw']) {
      const reading = bed.bridge('br0', {}, ['setpriv', '--bounding-set', `-${capability}`]);
      expect(reading).toMatchObject({ known: false, reason: 'denied' });
      expect(reading.known ? '' : reading.detail).toContain(`CAP_${capability.toUpperCase()}`);
    }
    expect(bed.throwaways()).toEqual([]);
  });

  it('a bridge without ports is left alone: a first port would change its address', () => {
    bed.run('ip link add br1 type bridge');
    const before = bed.state();
    expect(bed.bridge('br1')).toMatchObject({ known: false, reason: 'failed' });
    expect(bed.state()).toEqual(before);
  });

  it('a bridge that vanishes during the probe fails it', async () => {
    bed.run('ip link set br0 type bridge stp_state 1');
    const child = bed.startBridge('br0');
    await vi.waitUntil(() => bed.throwaways().length === 4, { timeout: 20_000 });
    bed.run('ip link del br0');
    const answer = text(child.stdout as Readable);
    expect(JSON.parse(await answer)).toMatchObject({ known: false, reason: 'failed' });
    expect(bed.throwaways()).toEqual([]);
  });
});

describe('while a probe runs', () => {
  it('the bridge keeps its address and MTU, and the probe speaks no IPv6', async () => {
    bed.set('net.ipv6.conf.all.disable_ipv6', '0');
    bed.set('net.ipv6.conf.default.disable_ipv6', '0');
    bed.run('ip link set vm0 mtu 9000');
    bed.run('ip link set br0 type bridge stp_state 1');
    const look = (): unknown => {
      const [link] = JSON.parse(bed.run('ip -j link show dev br0')) as readonly Record<string, unknown>[];
      return [link?.['mtu'], link?.['address']];
    };
    const before = look();
    const child = bed.startBridge('br0');
    const ports = (): number => [...bed.run('ip -o link show up master br0').matchAll(/hwp/g)].length;
    // Each line names a port and its peer.
    await vi.waitUntil(() => ports() === 4, { timeout: 20_000 });
    expect(look()).toEqual(before);
    for (const link of bed.throwaways()) {
      expect(bed.run(`cat /proc/sys/net/ipv6/conf/${link}/disable_ipv6`)).toBe('1\n');
      expect(bed.run(`ip -6 addr show dev ${link}`)).toBe('');
    }
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
});

describe('what a probe leaves behind', () => {
  it('is nothing: no link, address, route, neighbour, station, setting; not even the bridge MTU or address moves', () => {
    bed.run('ip link set vm0 mtu 9000');
    bed.run('ip addr add 10.1.0.1/24 dev br0');
    bed.set('net.bridge.bridge-nf-call-iptables', '1');
    bed.run('iptables -P FORWARD DROP');
    const before = bed.state();
    expect(seen(bed.bridge('br0')).verdict).toBe('filtered');
    expect(bed.state()).toEqual(before);
  });

  it('is nothing on the wire: no frame reaches another port', () => {
    const sent = (): string => bed.run('cat /sys/class/net/vm0/statistics/tx_packets');
    const before = sent();
    expect(seen(bed.bridge('br0')).verdict).toBe('passes');
    expect(sent()).toBe(before);
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    it(`is nothing after ${signal}, which still ends the process`, async () => {
      bed.run('ip link set br0 type bridge stp_state 1');
      const before = bed.state();
      const child = bed.startBridge('br0');
      await vi.waitUntil(() => bed.throwaways().length === 4, { timeout: 20_000 });
      child.kill(signal);
      const [, endedBy] = await once(child, 'exit');
      expect(endedBy).toBe(signal);
      expect(bed.state()).toEqual(before);
    });

  it('is nothing after SIGKILL and a sweep, which spares a probe that still runs', async () => {
    bed.run('ip link set br0 type bridge stp_state 1');
    const before = bed.state();
    const child = bed.startBridge('br0');
    await vi.waitUntil(() => bed.throwaways().length === 4, { timeout: 20_000 });
    const names = bed.throwaways();
    expect(bed.sweep()).toEqual([]);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(bed.throwaways()).toEqual(names);
    expect([...bed.sweep()].sort()).toEqual([...names].sort());
    expect(bed.state()).toEqual(before);
  });

  it('a sweep takes only what has both our mark and our kind of name', () => {
    bed.run('ip link add hwpabcdefgh00 type veth peer name other0');
    bed.run(`ip link add other1 group ${0x68617977} type veth peer name other2`);
    expect(bed.sweep()).toEqual([]);
    bed.run(`ip link set hwpabcdefgh00 group ${0x68617977}`);
    expect(bed.sweep()).toEqual(['hwpabcdefgh00']);
  });
});
