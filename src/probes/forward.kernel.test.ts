import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ForwardProbe, ForwardProbeOptions } from './forward.ts';
import { makeTestBed, type TestBed } from './kernel-test-bed.ts';

let bed: TestBed;

beforeEach(() => {
  bed = makeTestBed();
  // A new namespace may inherit any of these: set every one a case relies on.
  for (const where of ['all', 'default', 'lo']) bed.set(`net.ipv4.conf.${where}.rp_filter`, '0');
  bed.set('net.ipv4.ip_forward', '1');
  bed.run('ip link set lo up');
});

afterEach(() => {
  bed.remove();
});

function probe(options: ForwardProbeOptions = {}): ForwardProbe {
  const reading = bed.forward(options);
  if (!reading.known) throw new Error(`${reading.reason}: ${reading.detail}`);
  return reading.value;
}

function evidenceOf({ evidence }: ForwardProbe, source: RegExp): readonly string[] {
  return evidence.filter((one) => source.test(one.source)).map(({ value }) => value);
}

describe('what the kernel forwards between two new interfaces', () => {
  for (const forward of ['0', '1'])
    for (const policy of ['ACCEPT', 'DROP']) {
      const wanted = forward === '1' && policy === 'ACCEPT' ? 'forwards' : 'dropped';
      it(`ip_forward ${forward}, FORWARD ${policy}: ${wanted}`, () => {
        bed.set('net.ipv4.ip_forward', forward);
        bed.run(`iptables -P FORWARD ${policy}`);
        const seen = probe();
        expect(seen.verdict).toBe(wanted);
        expect(evidenceOf(seen, /ip_forward$/)).toEqual([forward]);
        expect(evidenceOf(seen, /^forwarding of/)).toEqual([forward]);
        expect(evidenceOf(seen, /^ip route get/)[0]).toMatch(forward === '1' ? /^dev hwp/ : /No route to host/);
      });
    }

  it('protocol by protocol, with the source it arrives with', () => {
    bed.run('iptables -A FORWARD -p udp -j REJECT');
    bed.run('iptables -t nat -A POSTROUTING -p tcp -j SNAT --to-source 10.9.9.9');
    const seen = probe();
    expect(seen.verdict).toBe('partly');
    expect(seen.protocols.udp).toEqual({ sent: 3, arrived: 0 });
    expect(seen.protocols.icmp).toEqual({ sent: 1, arrived: 1 });
    expect(seen.protocols.tcp).toEqual({ sent: 1, arrived: 1, rewrittenSource: '10.9.9.9' });
  });
});

describe('what reverse-path filtering does to a packet whose way back lies elsewhere', () => {
  // In force is the higher of conf.all and the interface's own, which a new interface copies from conf.default.
  const cases: readonly (readonly [all: string, own: string, verdict: string])[] = [
    ['0', '0', 'passes'],
    ['0', '1', 'drops'],
    ['1', '0', 'drops'],
    ['2', '1', 'passes'],
    ['0', '2', 'passes'],
    ['1', '2', 'passes'],
  ];
  for (const [all, own, verdict] of cases)
    it(`conf.all ${all}, conf.default ${own}: ${verdict}`, () => {
      bed.set('net.ipv4.conf.all.rp_filter', all);
      bed.set('net.ipv4.conf.default.rp_filter', own);
      const seen = probe({ asymmetric: true });
      expect(seen.verdict).toBe('forwards');
      expect(seen.reversePath?.verdict).toBe(verdict);
      expect(evidenceOf(seen, /^rp_filter of/)).toEqual([own]);
    });

  it('is not known where nothing is forwarded at all', () => {
    bed.set('net.ipv4.ip_forward', '0');
    expect(probe({ asymmetric: true }).reversePath?.verdict).toBe('unknown');
  });

  it('is asked for an interface by its name', () => {
    bed.run('ip link add eth7 type veth peer name far0');
    bed.set('net.ipv4.conf.eth7.rp_filter', '1');
    expect(probe({ asymmetric: true }).reversePath?.verdict).toBe('passes');
    expect(probe({ asymmetric: true, like: 'eth7' }).reversePath?.verdict).toBe('drops');
    bed.set('net.ipv4.conf.eth7.forwarding', '0');
    expect(probe().verdict).toBe('forwards');
    expect(probe({ like: 'eth7' }).verdict).toBe('dropped');
  });

  it('is not asked for unless wanted', () => {
    expect(probe().reversePath).toBeUndefined();
  });
});

describe('what cannot be probed', () => {
  it('without the capabilities', () => {
    for (const capability of ['net_admin', 'net_raw']) {
      const reading = bed.forward({}, ['setpriv', '--bounding-set', `-${capability}`]);
      expect(reading).toMatchObject({ known: false, reason: 'denied' });
      expect(reading.known ? '' : reading.detail).toContain(`CAP_${capability.toUpperCase()}`);
    }
    expect(bed.throwaways()).toEqual([]);
  });

  it('like an interface that is not there', () => {
    const before = bed.state();
    expect(bed.forward({ like: 'eth9' })).toMatchObject({ known: false, reason: 'failed' });
    expect(bed.state()).toEqual(before);
  });

  it('where policy routing takes the packets elsewhere: none is sent', () => {
    bed.run('ip link add out0 type veth peer name far0');
    bed.run('ip link set out0 up');
    bed.run('ip route add default dev out0 table 99');
    bed.run('ip rule add from all lookup 99 pref 10');
    const sent = (): string => bed.run('cat /sys/class/net/out0/statistics/tx_packets');
    const before = sent();
    const reading = bed.forward();
    expect(reading).toMatchObject({ known: false, reason: 'failed' });
    expect(reading.known ? '' : reading.detail).toContain('policy routing takes the test addresses to out0');
    expect(sent()).toBe(before);
  });

  it('where no address of the test range is free', () => {
    bed.run('ip link add out0 type veth peer name far0');
    bed.run('ip link set out0 up');
    bed.run('ip route add 198.19.0.0/16 dev out0');
    expect(bed.forward()).toMatchObject({ known: false, detail: expect.stringContaining('no addresses are free') });
  });
});

it('leaves nothing behind: no link, address, route, rule, neighbour, setting', () => {
  bed.run('ip link add eth7 type veth peer name far0');
  bed.run('ip addr add 10.1.0.1/24 dev eth7');
  bed.run('ip link set eth7 up');
  bed.run('iptables -A FORWARD -p udp -j REJECT');
  const before = bed.state();
  expect(probe({ asymmetric: true, like: 'eth7' }).verdict).toBe('partly');
  expect(bed.state()).toEqual(before);
});
