import { describe, expect, it } from 'vitest';
import { address, bridge, link, netfilterWith, route, seen, snapshotWith, sysctlWith } from '../../test/parts.ts';
import { unknown } from '../hosts/reading.ts';
import { generic } from '../profiles/generic.ts';
import { harvester } from '../profiles/harvester.ts';
import type { Profile } from '../profiles/profile.ts';
import { parseIptablesSave } from '../snapshot/netfilter/iptables-save.ts';
import type { Unit } from '../snapshot/units.ts';
import { bridgeNetfilter } from './bridge-netfilter.ts';

const GLOBAL = 'net/bridge/bridge-nf-call-iptables';
const ON = sysctlWith({ [GLOBAL]: '1', 'net/bridge/bridge-nf-call-ip6tables': '0' });
const OFF = sysctlWith({ [GLOBAL]: '0', 'net/bridge/bridge-nf-call-ip6tables': '0' });
const UNLOADED = sysctlWith({});

function rules(...lines: string[]) {
  const text = lines[0]?.startsWith('*') ? lines : ['*filter', ...lines, 'COMMIT'];
  const { tables } = parseIptablesSave(text.join('\n'), { family: 'ipv4', backend: 'legacy', source: 'iptables-save' });
  return netfilterWith(seen({ tables }));
}

const DROP = rules(':FORWARD DROP [0:0]');
const ACCEPT = rules(':FORWARD ACCEPT [0:0]');
const PORTS = [link('vm1', { kind: 'veth', master: 'br0' }), link('vm2', { kind: 'veth', master: 'br0' })];
const NODE = {
  links: seen([bridge('br0'), ...PORTS]),
  addresses: seen([]),
  neighbours: seen([]),
  routes: seen([]),
  cni: seen([]),
  ipsets: seen(new Map()),
  netfilter: DROP,
  sysctl: ON,
  units: { systemd: seen(true), units: seen<readonly Unit[]>([]) },
};

function judged(parts: Parameters<typeof snapshotWith>[0], profile: Profile = generic) {
  const found = bridgeNetfilter.check(snapshotWith({ ...NODE, ...parts }), profile);
  return found.map(({ status, subject }) => `${status} ${subject}`);
}

function planned(parts: Parameters<typeof snapshotWith>[0], profile: Profile = generic) {
  const snapshot = snapshotWith({ ...NODE, ...parts });
  const [found] = bridgeNetfilter.check(snapshot, profile).filter(({ status }) => status === 'problem');
  if (found?.status !== 'problem') throw new Error('no problem was found');
  return bridgeNetfilter.remedies(found.facts, snapshot, profile)[0]?.steps;
}

function rke2(activeState: string, more: Partial<Unit> = {}): Pick<typeof NODE, 'units'> {
  const unit: Unit = {
    name: 'rke2-server.service',
    loadState: 'loaded',
    activeState,
    subState: '',
    unitFileState: 'enabled',
    files: [],
    ...more,
  };
  return { units: { systemd: seen(true), units: seen([unit]) } };
}

describe('bridge-netfilter between the ports of a bridge', () => {
  it('is a problem when filtering is on and FORWARD drops', () => {
    expect(judged({})).toEqual(['problem br0']);
  });

  it.each([
    ['a port is dropped by name', [':FORWARD ACCEPT [0:0]', '-A FORWARD -p tcp -m tcp --dport 3306 -j DROP']],
    [
      'ports are rejected by name',
      [':FORWARD ACCEPT [0:0]', '-A FORWARD -p udp -m multiport --dports 67,68 -j REJECT'],
    ],
    [
      'only ports named are accepted',
      [
        ':FORWARD DROP [0:0]',
        '-A FORWARD -p icmp -j ACCEPT',
        '-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT',
        '-A FORWARD -p tcp -m multiport --dports 22,443 -j ACCEPT',
        '-A FORWARD -p udp -m udp --dport 53 -j ACCEPT',
      ],
    ],
  ])('is a problem when %s', (_, lines) => {
    expect(judged({ netfilter: rules(...lines) })).toEqual(['problem br0']);
  });

  it.each([
    [
      'only a Service without endpoints is rejected',
      { netfilter: rules(':FORWARD ACCEPT [0:0]', '-A FORWARD -d 10.43.7.7/32 -p tcp -m tcp --dport 80 -j REJECT') },
    ],
    ['filtering is off', { sysctl: OFF }],
    ['br_netfilter is not loaded', { sysctl: UNLOADED }],
    ['FORWARD accepts', { netfilter: ACCEPT }],
    [
      'a rule lets bridged frames pass',
      { netfilter: rules(':FORWARD DROP [0:0]', '-A FORWARD -m physdev --physdev-is-bridged -j ACCEPT') },
    ],
    [
      'a rule for the bridge lets them pass',
      { netfilter: rules(':FORWARD DROP [0:0]', '-A FORWARD -i br0 -o br0 -j ACCEPT') },
    ],
    ['there is one port only', { links: seen([bridge('br0'), ...PORTS.slice(1)]) }],
  ])('is in order when %s', (_, parts) => {
    expect(judged(parts)).toEqual(['ok br0']);
  });

  it("counts the bridge's own switch like the global one", () => {
    const links = seen([bridge('br0', { nfCallIptables: true }), ...PORTS]);
    expect(judged({ sysctl: OFF, links })).toEqual(['problem br0']);
    expect(planned({ sysctl: OFF, links })).toEqual([
      { kind: 'bridge-setting', bridge: 'br0', name: 'nf_call_iptables', value: '0' },
    ]);
  });

  it('does not take rules for Pods elsewhere to be rules for the VMs here', () => {
    const netfilter = rules(':FORWARD DROP [0:0]', '-A FORWARD -s 10.42.0.0/16 -j ACCEPT');
    expect(judged({ netfilter })).toEqual(['unknown br0']);
    expect(judged({ netfilter, routes: seen([route('10.42.0.0/24', 'cni0')]) })).toEqual(['problem br0']);
    expect(judged({ netfilter, addresses: seen([address('br0', '10.42.7.1/24')]) })).toEqual(['ok br0']);
  });

  it('minds the hosts that rules name on a bridge whose network is known', () => {
    const addresses = seen([address('br0', '10.88.0.1/24')]);
    const fate = (policy: string, ...lines: string[]) =>
      judged({ addresses, netfilter: rules(`:FORWARD ${policy} [0:0]`, ...lines.map((line) => `-A FORWARD ${line}`)) });
    expect(fate('ACCEPT', '-s 10.88.0.11/32 -d 10.88.0.12/32 -j DROP')).toEqual(['problem br0']);
    expect(fate('DROP', '-d 10.88.0.11/32 -j ACCEPT'), 'its answers may begin nothing').toEqual(['problem br0']);
    expect(fate('DROP', '-s 10.88.0.11/32 -j ACCEPT', '-s 10.88.0.12/32 -j ACCEPT'), 'they may be all').toEqual([
      'unknown br0',
    ]);
    expect(fate('ACCEPT', '-d 10.88.0.1/32 -j DROP'), 'the own address is no bridged one').toEqual(['ok br0']);
  });

  it('is in order where only what no machine sends is dropped', () => {
    const nobody = ['127.0.0.0/8', '0.0.0.0/8', '240.0.0.0/4'].map((network) => `-A FORWARD -s ${network} -j DROP`);
    const netfilter = rules(':FORWARD ACCEPT [0:0]', ...nobody, '-A FORWARD -s 224.0.0.0/4 -j DROP');
    expect(judged({ netfilter })).toEqual(['ok br0']);
  });

  it('tells a broadcast from an address on the bridge', () => {
    const netfilter = rules(':FORWARD ACCEPT [0:0]', '-A FORWARD -m addrtype --dst-type BROADCAST -j DROP');
    expect(judged({ netfilter, addresses: seen([address('br0', '10.88.0.1/24')]) })).toEqual(['ok br0']);
  });

  it("takes a Service's address for nobody's on the bridge", () => {
    const netfilter = rules(
      '*nat',
      ':PREROUTING ACCEPT',
      '-A PREROUTING -d 10.43.0.1/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 10.42.0.7:6443',
      'COMMIT',
    );
    expect(judged({ netfilter })).toEqual(['ok br0']);
  });

  it('never guesses at a match that is not modelled', () => {
    const netfilter = rules(':FORWARD ACCEPT [0:0]', '-A FORWARD -m statistic --mode random --probability 0.5 -j DROP');
    expect(judged({ netfilter })).toEqual(['unknown br0']);
  });

  it('is unknown when the rules may not be read', () => {
    const denied = unknown('denied', 'iptables-save', 'you must be root');
    expect(judged({ netfilter: netfilterWith(denied) })).toEqual(['unknown br0']);
  });

  it('does not call lost what is only rewritten', () => {
    const impactOf = (netfilter: ReturnType<typeof rules>) =>
      bridgeNetfilter
        .check(snapshotWith({ ...NODE, netfilter, addresses: seen([address('br0', '10.88.0.1/24')]) }), generic)
        .flatMap((one) => (one.status === 'problem' ? [bridgeNetfilter.explain(one.facts).impact.en] : []));
    expect(impactOf(DROP)).toEqual([expect.stringContaining('no ping between VMs')]);
    const masquerade = rules('*nat', ':POSTROUTING ACCEPT', '-A POSTROUTING -j MASQUERADE', 'COMMIT');
    expect(impactOf(masquerade)).toEqual([expect.stringContaining("see the node's address")]);
  });

  it('says which rule decided', () => {
    const [found] = bridgeNetfilter.check(snapshotWith(NODE), generic);
    expect(found?.evidence.map(({ value }) => value).join('\n')).toContain('filter FORWARD policy: dropped');
  });
});

describe('bridge-netfilter beside a CNI bridge', () => {
  const cni0 = bridge('cni0');
  const pods = [link('veth1', { kind: 'veth', master: 'cni0' }), link('veth2', { kind: 'veth', master: 'cni0' })];
  const links = seen([bridge('br0'), ...PORTS, cni0, ...pods]);
  const addresses = seen([address('cni0', '10.42.0.1/24'), address('br0', '10.77.0.1/24')]);
  const service = [
    '*nat',
    ':PREROUTING ACCEPT',
    '-A PREROUTING -d 10.43.0.10/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.42.0.3:8080',
    'COMMIT',
  ];
  const netfilter = rules(
    '*filter',
    ':FORWARD DROP [0:0]',
    '-A FORWARD -s 10.42.0.0/16 -j ACCEPT',
    'COMMIT',
    ...service,
  );

  it('settles the conflict: 0 for all, 1 for the bridge that needs it, and that one first', () => {
    expect(judged({ links, addresses, netfilter })).toEqual(['problem br0', 'ok cni0']);
    expect(planned({ links, addresses, netfilter })).toEqual([
      { kind: 'bridge-setting', bridge: 'cni0', name: 'nf_call_iptables', value: '1' },
      { kind: 'setting', key: GLOBAL, value: '0' },
    ]);
  });

  it('misses the filter where a Service is translated to the same bridge', () => {
    expect(judged({ links, addresses, netfilter, sysctl: OFF })).toEqual(['ok br0', 'problem cni0']);
    expect(planned({ links, addresses, netfilter, sysctl: OFF })).toEqual([
      { kind: 'bridge-setting', bridge: 'cni0', name: 'nf_call_iptables', value: '1' },
    ]);
  });

  it("leaves Docker's bridges to Docker, and keeps them filtered when the global switch goes", () => {
    const docker = seen([bridge('br0'), ...PORTS, bridge('docker0')]);
    expect(judged({ links: docker })).toEqual(['problem br0']);
    expect(planned({ links: docker })).toEqual([
      { kind: 'bridge-setting', bridge: 'docker0', name: 'nf_call_iptables', value: '1' },
      { kind: 'setting', key: GLOBAL, value: '0' },
    ]);
  });
});

describe('bridge-netfilter on Harvester', () => {
  const running = rke2('active', { activeEnter: '2026-01-01T00:05:00Z' });

  it('wants 0 once RKE2 has started, also while the rules let everything pass', () => {
    const found = judged({ ...running, netfilter: ACCEPT }, harvester);
    expect(found).toEqual(['ok br0', 'problem net.bridge.bridge-nf-call-iptables']);
  });

  it.each([
    ['before RKE2 was started', rke2('inactive')],
    ['while RKE2 starts', rke2('activating', { execStart: '2026-01-01T00:01:00Z' })],
  ])('lets it be 1 %s', (_, units) => {
    expect(judged(units, harvester)).toEqual(['ok br0', 'ok net.bridge.bridge-nf-call-iptables']);
  });

  it('names the service that sets it back', () => {
    const [found] = bridgeNetfilter.check(snapshotWith({ ...NODE, ...running }), harvester);
    if (found?.status !== 'problem') throw new Error('no problem was found');
    expect(bridgeNetfilter.explain(found.facts).cause.en).toContain('rke2-server.service writes 1 at every start');
  });
});
