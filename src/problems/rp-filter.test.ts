import { describe, expect, it } from 'vitest';
import { address, link, route, seen, snapshotWith, sysctlWith } from '../../test/parts.ts';
import { unknown } from '../hosts/reading.ts';
import { generic } from '../profiles/generic.ts';
import { rpFilter } from './rp-filter.ts';

const COUNTED = (packets: number) => ({
  reversePathFiltered: seen(packets),
  forwarded: seen(0),
  inAddrErrors: seen(0),
});
const NODE = {
  rules: seen([]),
  neighbours: seen([]),
  counters: COUNTED(0),
  links: seen([link('eth0'), link('v1', { kind: 'veth', foreignPeer: true, peerNamespace: 1 })]),
  addresses: seen([address('eth0', '192.0.2.5/24'), address('v1', '10.1.0.1/24')]),
  routes: seen([route('0.0.0.0/0', 'eth0'), route('192.0.2.0/24', 'eth0'), route('10.1.0.0/24', 'v1')]),
};

function settings(all: string, eth0: string, v1: string) {
  return sysctlWith({
    'net/ipv4/conf/all/rp_filter': all,
    'net/ipv4/conf/eth0/rp_filter': eth0,
    'net/ipv4/conf/v1/rp_filter': v1,
  });
}

function judged(parts: Parameters<typeof snapshotWith>[0]) {
  return rpFilter
    .check(snapshotWith({ ...NODE, ...parts }), generic)
    .map(({ status, subject }) => `${status} ${subject}`);
}

const ELSEWHERE = seen([
  { family: 'ipv4', address: '192.0.2.9', link: 'v1', mac: '02:00:00:00:00:01', states: ['REACHABLE'] } as const,
]);

describe('rp-filter', () => {
  it('leaves strict filtering alone where every path is symmetric', () => {
    expect(judged({ sysctl: settings('1', '1', '1') })).toEqual(['ok ']);
  });

  it('finds a neighbour whose route back leaves elsewhere', () => {
    expect(judged({ sysctl: settings('0', '0', '1'), neighbours: ELSEWHERE })).toEqual([
      'problem net.ipv4.conf.v1.rp_filter',
    ]);
  });

  it.each([
    ['all=1 is strict, not loose', '1', '0', 'problem net.ipv4.conf.v1.rp_filter'],
    ['all=2 makes a strict interface loose', '2', '1', 'ok '],
    ['all=0 leaves an interface its own 1', '0', '1', 'problem net.ipv4.conf.v1.rp_filter'],
    ['an interface of 2 under all=1 is loose', '1', '2', 'ok '],
  ])('%s', (_, all, own, expected) => {
    expect(judged({ sysctl: settings(all, '0', own), neighbours: ELSEWHERE })).toEqual([expected]);
  });

  it.each(['rules', 'neighbours', 'counters'] as const)(
    'is not sure of a strict interface where %s cannot be seen, and of loose ones it is',
    (part) => {
      const denied = unknown('denied', 'test', 'Permission denied');
      const unseen =
        part === 'counters' ? { counters: { ...COUNTED(0), reversePathFiltered: denied } } : { [part]: denied };
      expect(judged({ ...unseen, sysctl: settings('1', '0', '0') })).toEqual(['unknown ']);
      expect(judged({ ...unseen, sysctl: settings('2', '1', '1') })).toEqual(['ok ']);
    },
  );

  it('finds two interfaces in one subnet', () => {
    const addresses = seen([address('eth0', '192.0.2.5/24'), address('v1', '192.0.2.6/24')]);
    expect(judged({ sysctl: settings('1', '1', '1'), addresses })).toContain('problem net.ipv4.conf.v1.rp_filter');
  });

  it('finds two links to a machine that is routed, and leaves a container on two networks of its host alone', () => {
    const veth = (name: string, peerNamespace: number) =>
      link(name, { kind: 'veth', foreignPeer: true, peerNamespace });
    const strict = ['all', 'v1', 'v2', 'v3'].map((name) => [`net/ipv4/conf/${name}/rp_filter`, '1']);
    const links = [veth('v1', 0), veth('v2', 0)];
    const addresses = [address('v1', '10.1.0.2/24'), address('v2', '10.2.0.2/24')];
    const routes = [route('0.0.0.0/0', 'v1'), route('10.1.0.0/24', 'v1'), route('10.2.0.0/24', 'v2')];
    const container = {
      sysctl: sysctlWith(Object.fromEntries(strict)),
      links: seen(links),
      addresses: seen(addresses),
      routes: seen(routes),
    };
    expect(judged(container)).toEqual(['ok ']);
    const behind = route('10.9.9.9/32', 'v2', { nextHops: [{ via: '10.2.0.1', link: 'v2' }] });
    expect(judged({ ...container, routes: seen([...routes, behind]) })).toEqual(['problem net.ipv4.conf.v1.rp_filter']);
    const routed = {
      ...container,
      links: seen([...links, veth('v3', 1)]),
      addresses: seen([...addresses, address('v3', '10.3.0.1/24')]),
    };
    expect(judged(routed)).toEqual(['problem net.ipv4.conf.v1.rp_filter', 'problem net.ipv4.conf.v2.rp_filter']);
  });

  it('takes packets the kernel counted as evidence, and the count alone after loosening as none', () => {
    const counters = COUNTED(3);
    expect(judged({ sysctl: settings('1', '0', '0'), counters })).toEqual(['problem ']);
    expect(judged({ sysctl: settings('2', '0', '0'), counters })).toEqual(['ok ']);
  });

  it('blames a known path that was loosened for what was counted, and not the other interfaces', () => {
    expect(judged({ sysctl: settings('0', '1', '2'), neighbours: ELSEWHERE, counters: COUNTED(3) })).toEqual(['ok ']);
  });

  it('claims nothing about paths under policy routing', () => {
    const rules = seen([{ family: 'ipv4', priority: 100, from: 'all', to: 'all', table: '100' } as const]);
    expect(judged({ sysctl: settings('1', '1', '1'), neighbours: ELSEWHERE, rules })).toEqual(['ok ']);
  });

  it('says unknown where the setting may not be read', () => {
    const denied = unknown('denied', '/proc/sys/net/ipv4/conf/all/rp_filter', 'Permission denied');
    expect(judged({ sysctl: { ...sysctlWith({}), get: () => denied } })).toEqual(['unknown ']);
  });

  it('loosens only the interface that is hurt', () => {
    const snapshot = snapshotWith({ ...NODE, neighbours: ELSEWHERE, sysctl: settings('1', '1', '1') });
    const facts = rpFilter.check(snapshot, generic).flatMap((one) => (one.status === 'problem' ? [one.facts] : []));
    const [now] = facts.flatMap((one) => rpFilter.remedies(one, snapshot, generic));
    expect(now?.steps).toEqual([{ kind: 'setting', key: 'net/ipv4/conf/v1/rp_filter', value: '2' }]);
  });
});
