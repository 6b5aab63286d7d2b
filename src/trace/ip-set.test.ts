import { describe, expect, it } from 'vitest';
import { parseIpsets } from '../snapshot/netfilter/ipsets.ts';
import { inSet } from './ip-set.ts';
import type { Packet } from './packet.ts';
import { sightOf } from './sight.ts';
import { stateOf } from './state.ts';

const IPSETS = parseIpsets(`create hosts hash:ip family inet
add hosts 10.0.0.1
create nets hash:net family inet
add nets 10.0.0.0/8
add nets 10.0.0.0/24 nomatch
add nets 10.0.0.2
create services hash:ip,port family inet
add services 10.0.0.2,tcp:80
create loops hash:ip,port,ip family inet
add loops 10.0.0.2,tcp:80,10.0.0.2
create ports bitmap:port range 0-65535
add ports 80
create masked hash:ip family inet netmask 24
add masked 10.0.0.0
create devices hash:net,iface family inet
add devices 10.0.0.0/8,eth0
create six hash:ip family inet6
add six fd00::1
create all list:set size 8
add all hosts
add all services
`);
const PACKET: Packet = {
  family: 'ipv4',
  source: '10.0.0.1',
  destination: '10.0.0.2',
  protocol: 'tcp',
  sourcePort: 1,
  destinationPort: 80,
  ctState: 'NEW',
  mark: 0,
};

function found(text: string, packet: Partial<Packet> = {}): string {
  const [name = '', directions = ''] = text.split(' ');
  const one = { ...PACKET, ...packet };
  return inSet(
    name,
    directions.split(',') as ('src' | 'dst')[],
    sightOf('forward', one, { ipsets: IPSETS }),
    stateOf(one),
  );
}

describe('a set of ipset', () => {
  it.each([
    ['hosts src', 'yes'],
    ['hosts dst', 'no'],
    ['nets src', 'no'],
    ['nets dst', 'yes'],
    ['services dst,dst', 'yes'],
    ['services dst,src', 'no'],
    ['services dst', 'no'],
    ['loops dst,dst,dst', 'yes'],
    ['loops dst,dst,src', 'no'],
    ['ports dst', 'yes'],
    ['ports src', 'no'],
    ['masked src', 'yes'],
    ['six src', 'no'],
    ['all src,dst', 'yes'],
    ['devices src,src', 'maybe'],
    ['gone src', 'maybe'],
  ])('%s: %s', (text, expected) => {
    expect(found(text)).toBe(expected);
  });

  it('looks at ports of the protocols it names', () => {
    expect(found('services dst,dst', { protocol: 'udp' })).toBe('no');
    expect(found('services dst,dst', { protocol: 'icmp' })).toBe('no');
    expect(found('ports dst', { protocol: 'icmp' })).toBe('no');
  });

  it('leaves open what depends on a missing address', () => {
    const { source: _, ...anonymous } = PACKET;
    const sight = sightOf('forward', anonymous, { ipsets: IPSETS });
    expect(inSet('hosts', ['src'], sight, stateOf(anonymous))).toBe('maybe');
  });
});
