import { describe, expect, it } from 'vitest';
import { carriedOut, found, holdings } from '../../test/holding.ts';
import { link, netfilterWith, seen, snapshotWith, sysctlWith } from '../../test/parts.ts';
import { unknown } from '../hosts/reading.ts';
import { generic } from '../profiles/generic.ts';
import { kubekeyIpvs } from '../profiles/kubekey-ipvs.ts';
import type { IpvsService } from '../snapshot/ipvs.ts';
import type { Kubernetes } from '../snapshot/kubernetes.ts';
import { parseIptablesSave } from '../snapshot/netfilter/iptables-save.ts';
import { ipvsForwarding } from './ipvs-forwarding.ts';

const NODEPORT: IpvsService = {
  protocol: 'tcp',
  address: '192.0.2.5',
  port: 30080,
  scheduler: 'rr',
  flags: [],
  stats: { connections: 1, inPackets: 5, outPackets: 0, inBytes: 300, outBytes: 0 },
  destinations: [{ address: '10.42.1.7', port: 8080, forward: 'Masq', weight: 1 }],
};
const KUBERNETES: Kubernetes = {
  distributions: [],
  complete: true,
  version: seen('RKE2 v1.31.5+rke2r1'),
  proxyMode: seen('ipvs'),
  podCidrs: seen([]),
  serviceCidrs: seen([]),
  strictArp: seen(false),
};
function nat(...rules: string[]) {
  const text = ['*nat', ':POSTROUTING ACCEPT [0:0]', ':KUBE-POSTROUTING - [0:0]', ...rules, 'COMMIT'].join('\n');
  return netfilterWith(seen(parseIptablesSave(text, { family: 'ipv4', backend: 'legacy', source: 'iptables-save' })));
}

const NODE = {
  netfilter: nat('-A POSTROUTING -j KUBE-POSTROUTING', '-A KUBE-POSTROUTING -j MASQUERADE --random-fully'),
  links: seen([link('kube-ipvs0', { kind: 'dummy' })]),
  sysctl: sysctlWith({ 'net/ipv4/vs/conntrack': '1' }),
  kubernetes: KUBERNETES,
};

const STATS = { connections: 1, inPackets: 5, outPackets: 4, inBytes: 300, outBytes: 200 };

function service(more: Partial<IpvsService>): IpvsService {
  return { ...NODEPORT, ...more };
}

function judged(services: readonly IpvsService[], parts: Parameters<typeof snapshotWith>[0] = {}) {
  const found = ipvsForwarding.check(snapshotWith({ ...NODE, ipvs: seen(services), ...parts }), kubekeyIpvs);
  return found.map(({ status, subject }) => `${status} ${subject}`);
}

describe('ipvs-forwarding', () => {
  it('takes packets in and none out as evidence by itself', () => {
    expect(judged([NODEPORT])).toEqual(['problem tcp 192.0.2.5:30080']);
  });

  it.each([
    ['answers come back', { stats: { connections: 1, inPackets: 5, outPackets: 4, inBytes: 300, outBytes: 200 } }],
    ['nobody has asked yet', { stats: { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 } }],
    [
      'the answer goes past this host (direct routing)',
      { destinations: [{ address: '10.42.1.7', port: 80, forward: 'Route', weight: 1 }] },
    ],
    ['no answer is due (a UDP log)', { protocol: 'udp', port: 514 } as const],
  ])('is in order when %s', (_, more) => {
    expect(judged([service(more)])).toEqual(['ok ']);
  });

  it('expects answers from DNS', () => {
    expect(judged([service({ protocol: 'udp', port: 53 })])).toEqual(['problem udp 192.0.2.5:53']);
  });

  const ANSWERED = service({ stats: { connections: 1, inPackets: 5, outPackets: 4, inBytes: 300, outBytes: 200 } });

  it('misses connection tracking, and sets it', () => {
    const sysctl = sysctlWith({ 'net/ipv4/vs/conntrack': '0' });
    expect(judged([ANSWERED], { sysctl })).toEqual(['problem net.ipv4.vs.conntrack']);
    const [now] = ipvsForwarding.remedies({ kind: 'conntrack-off' }, snapshotWith(NODE), kubekeyIpvs);
    expect(now?.steps).toEqual([{ kind: 'setting', key: 'net/ipv4/vs/conntrack', value: '1' }]);
  });

  it('misses kube-ipvs0', () => {
    expect(judged([ANSWERED], { links: seen([link('eth0')]) })).toEqual(['problem kube-ipvs0']);
  });

  it('misses the rule that masquerades', () => {
    expect(judged([ANSWERED], { netfilter: nat('-A POSTROUTING -j KUBE-POSTROUTING') })).toEqual([
      'problem KUBE-POSTROUTING',
    ]);
    const denied = unknown('denied', 'iptables-save', 'you must be root');
    expect(judged([ANSWERED], { netfilter: netfilterWith(denied) })).toEqual(['unknown KUBE-POSTROUTING']);
  });

  it('asks for strict ARP only where kube-proxy does', () => {
    const sysctl = sysctlWith({
      'net/ipv4/vs/conntrack': '1',
      'net/ipv4/conf/all/arp_ignore': '0',
      'net/ipv4/conf/all/arp_announce': '2',
    });
    expect(judged([ANSWERED], { sysctl })).toEqual(['ok ']);
    const kubernetes = { ...KUBERNETES, strictArp: seen(true) };
    expect(judged([ANSWERED], { sysctl, kubernetes })).toEqual(['problem net.ipv4.conf.all.arp_ignore']);
  });

  it('is unknown, not fine, where IPVS may not be looked at', () => {
    const ipvs = unknown('denied', '/proc/net/ip_vs', 'Permission denied');
    expect(judged([], { ipvs })).toEqual(['unknown ']);
  });

  it('is unknown, not fine, where what it rests on may not be looked at', () => {
    const denied = unknown('denied', 'test', 'Permission denied');
    const sysctl = { ...NODE.sysctl, get: () => denied };
    expect(judged([ANSWERED], { sysctl })).toEqual(['unknown net.ipv4.vs.conntrack']);
    expect(judged([ANSWERED], { links: denied })).toEqual(['unknown kube-ipvs0']);
    const kubernetes = { ...KUBERNETES, strictArp: seen(true) };
    expect(judged([ANSWERED], { sysctl, kubernetes })).toEqual([
      'unknown net.ipv4.vs.conntrack',
      'unknown net.ipv4.conf.all.arp_ignore',
      'unknown net.ipv4.conf.all.arp_announce',
    ]);
  });

  it('has nothing to say where the kernel has no IPVS', () => {
    const absent = snapshotWith({ ipvs: unknown('absent', '/proc/net/ip_vs', 'no such file') });
    expect(ipvsForwarding.check(absent, generic)).toMatchObject([{ status: 'not-applicable' }]);
  });
});

describe('what ipvs-forwarding keeps', () => {
  const SETTINGS = {
    'net/ipv4/vs/conntrack': '0',
    'net/ipv4/conf/all/arp_ignore': '0',
    'net/ipv4/conf/all/arp_announce': '0',
  };
  const kept = (
    parts: Parameters<typeof snapshotWith>[0] = {},
    settings: Readonly<Record<string, string>> = SETTINGS,
  ) => holdings(ipvsForwarding, { settings, parts: { ...NODE, ipvs: seen([NODEPORT]), ...parts } }, kubekeyIpvs);
  const strict = { kubernetes: { ...KUBERNETES, strictArp: seen(true) } };

  it('is what IPVS rests on while it balances something', () => {
    expect(kept()).toEqual(['net.ipv4.vs.conntrack=1']);
    expect(kept(strict)).toEqual([
      'net.ipv4.vs.conntrack=1',
      'net.ipv4.conf.all.arp_ignore=1',
      'net.ipv4.conf.all.arp_announce=2',
    ]);
    expect(kept({ ipvs: seen([]) })).toEqual([]);
    expect(kept({ ipvs: unknown('absent', '/proc/net/ip_vs', 'no such file') })).toEqual([]);
    expect(kept({}, {}), 'a setting that does not exist').toEqual([]);
  });

  it('is not known where IPVS cannot be seen', () => {
    expect(kept({ ipvs: unknown('denied', '/proc/net/ip_vs', 'not permitted') })).toEqual([
      'unknown net.ipv4.vs.conntrack',
    ]);
  });

  it('leaves the doctor nothing of these to find', () => {
    const node = { settings: SETTINGS, parts: { ...NODE, ...strict, ipvs: seen([service({ stats: STATS })]) } };
    expect(found(ipvsForwarding, node, kubekeyIpvs)).toHaveLength(3);
    expect(found(ipvsForwarding, carriedOut(ipvsForwarding, node, kubekeyIpvs), kubekeyIpvs)).toEqual([]);
  });
});
