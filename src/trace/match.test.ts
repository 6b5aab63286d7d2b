import { describe, expect, it } from 'vitest';
import type { Match } from '../snapshot/netfilter/ruleset.ts';
import { holds } from './match.ts';
import type { Packet } from './packet.ts';
import { sightOf, type TraceContext } from './sight.ts';
import { stateOf } from './state.ts';

const PACKET: Packet = {
  family: 'ipv4',
  inLink: 'br0',
  outLink: 'br0',
  physicalIn: 'pa',
  physicalOut: 'pb',
  source: '10.0.0.1',
  destination: '10.0.1.255',
  protocol: 'tcp',
  sourcePort: 1000,
  destinationPort: 80,
  tcpFlags: ['SYN', 'ACK'],
  ctState: 'NEW',
  mark: 5,
  sourceMac: '02:AA:00:00:00:01',
};
const CONTEXT: TraceContext = { localAddresses: ['10.0.0.1/24', '10.0.1.1/24'] };

function check(match: Match, packet: Partial<Packet> = {}, context: TraceContext = CONTEXT): string {
  const one = { ...PACKET, ...packet };
  return holds(match, sightOf('forward', one, context), stateOf(one));
}

const is = { not: false } as const;
const CASES: readonly [string, Match, Partial<Packet>?][] = [
  ['yes', { ...is, kind: 'source', cidr: '10.0.0.0/8' }],
  ['no', { not: true, kind: 'source', cidr: '10.0.0.0/8' }],
  ['yes', { ...is, kind: 'destination', cidr: '10.0.0.255/255.0.0.255' }],
  ['yes', { ...is, kind: 'source', cidr: 'fd00::/8' }, { source: 'fd12::1', family: 'ipv6' }],
  ['maybe', { ...is, kind: 'source', cidr: 'nonsense' }],
  ['yes', { ...is, kind: 'source-range', from: '10.0.0.0', to: '10.0.0.9' }],
  ['no', { ...is, kind: 'destination-range', from: '10.0.0.0', to: '10.0.0.9' }],
  ['yes', { ...is, kind: 'protocol', protocol: '6' }],
  ['no', { ...is, kind: 'protocol', protocol: 'udp' }],
  ['maybe', { ...is, kind: 'protocol', protocol: 'new-one' }],
  ['yes', { ...is, kind: 'in', link: 'br+' }],
  ['no', { ...is, kind: 'out', link: 'br' }],
  ['yes', { ...is, kind: 'physdev-in', link: 'pa' }],
  ['no', { not: true, kind: 'physdev-out', link: 'p+' }],
  ['yes', { ...is, kind: 'physdev-is-bridged' }],
  ['no', { ...is, kind: 'physdev-is-bridged' }, { physicalIn: null, physicalOut: null }],
  ['yes', { not: true, kind: 'physdev-in', link: 'pa' }, { physicalIn: null, physicalOut: null }],
  ['no', { ...is, kind: 'physdev-is-out' }, { physicalOut: null }],
  ['yes', { ...is, kind: 'physdev-is-in' }],
  ['yes', { ...is, kind: 'destination-port', ports: [{ from: 70, to: 90 }] }],
  ['no', { ...is, kind: 'source-port', ports: [{ from: 70, to: 90 }] }],
  ['yes', { ...is, kind: 'either-port', ports: [{ from: 1000, to: 1000 }] }],
  ['yes', { ...is, kind: 'ct-state', states: ['INVALID', 'NEW'] }],
  ['no', { ...is, kind: 'ct-state', states: ['DNAT'] }],
  ['maybe', { ...is, kind: 'ct-state', states: ['DNAT'] }, { ctState: 'ESTABLISHED' }],
  ['yes', { ...is, kind: 'mark', value: 4, mask: 4 }],
  ['no', { ...is, kind: 'mark', value: 4, mask: 0xff }],
  ['yes', { ...is, kind: 'connmark', value: 0, mask: 0xff }],
  ['no', { not: true, kind: 'connmark', value: 1, mask: 0xff }, { ctState: 'INVALID' }],
  ['maybe', { ...is, kind: 'connmark', value: 1, mask: 0xff }, { ctState: 'ESTABLISHED' }],
  ['yes', { ...is, kind: 'tcp-flags', mask: ['SYN', 'FIN'], set: ['SYN'] }],
  ['no', { ...is, kind: 'tcp-flags', mask: ['SYN', 'ACK'], set: ['SYN'] }],
  ['yes', { ...is, kind: 'icmp-type', type: '8' }, { protocol: 'icmp', icmpType: 'echo-request' }],
  ['no', { ...is, kind: 'icmp-type', type: '3/1' }, { protocol: 'icmp', icmpType: '3/3' }],
  ['maybe', { ...is, kind: 'icmp-type', type: '3/1' }, { protocol: 'icmp', icmpType: '3' }],
  ['yes', { ...is, kind: 'address-type', side: 'source', type: 'LOCAL' }],
  ['yes', { ...is, kind: 'address-type', side: 'destination', type: 'BROADCAST' }],
  ['no', { ...is, kind: 'address-type', side: 'destination', type: 'UNICAST,LOCAL' }],
  ['yes', { ...is, kind: 'address-type', side: 'destination', type: 'MULTICAST' }, { destination: '224.0.0.1' }],
  ['maybe', { ...is, kind: 'set', set: 'x', directions: ['src'] }],
  ['no', { ...is, kind: 'fragment' }],
  ['yes', { not: true, kind: 'fragment' }],
  ['yes', { ...is, kind: 'mac-source', mac: '02:aa:00:00:00:01' }],
  ['yes', { ...is, kind: 'any', of: [[{ kind: 'unmodelled', text: 'x' }], [{ kind: 'always' }]] }],
  ['no', { ...is, kind: 'any', of: [] }],
  ['yes', { kind: 'always' }],
  ['maybe', { kind: 'unmodelled', text: 'x' }],
];

describe('a match', () => {
  it.each(CASES)('%s: %j %j', (expected, match, packet) => {
    expect(check(match, packet)).toBe(expected);
  });

  it('of a kind of address is open without the addresses of the node', () => {
    expect(check({ ...is, kind: 'address-type', side: 'source', type: 'LOCAL' }, {}, {})).toBe('maybe');
    expect(
      check(
        { ...is, kind: 'address-type', side: 'source', type: 'UNICAST' },
        { source: '10.9.9.9' },
        { localAddresses: ['10.0.0.1'] },
      ),
    ).toBe('maybe');
  });
});
