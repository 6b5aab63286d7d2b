import { describe, expect, it } from 'vitest';
import { address, link, netfilterWith, route, seen, snapshotWith, sysctlWith } from '../../test/parts.ts';
import { unknown } from '../hosts/reading.ts';
import { judge } from '../judging/judge.ts';
import { generic } from '../profiles/generic.ts';
import { rke2Canal } from '../profiles/rke2-canal.ts';
import { parseIptablesSave } from '../snapshot/netfilter/iptables-save.ts';
import { forwardPolicy } from './forward-policy.ts';
import { PROBLEMS } from './registry.generated.ts';

function rules(...lines: string[]) {
  const text = ['*filter', ...lines, 'COMMIT'].join('\n');
  const { tables } = parseIptablesSave(text, { family: 'ipv4', backend: 'legacy', source: 'iptables-save' });
  return netfilterWith(seen({ tables }));
}

const NODE = {
  links: seen([link('eth0'), link('cali1', { kind: 'veth', foreignPeer: true }), link('flannel.1', { kind: 'vxlan' })]),
  addresses: seen([address('eth0', '192.0.2.5/24'), address('flannel.1', '10.42.0.0/32')]),
  routes: seen([route('0.0.0.0/0', 'eth0'), route('10.42.0.7/32', 'cali1'), route('10.42.1.0/24', 'flannel.1')]),
  ipsets: seen(new Map()),
};

function judged(parts: Parameters<typeof snapshotWith>[0], profile = rke2Canal) {
  const found = forwardPolicy.check(snapshotWith({ ...NODE, ...parts }), profile);
  return found.map(({ status, subject }) => `${status} ${subject}`);
}

describe('forward-policy', () => {
  it("is a problem where FORWARD's policy drops what Pods send out", () => {
    expect(judged({ netfilter: rules(':FORWARD DROP [0:0]') })).toEqual(['problem cali1 → flannel.1']);
  });

  it('is in order where the CNI accepts its Pods', () => {
    const accepted = rules(
      ':FORWARD DROP [0:0]',
      '-A FORWARD -s 10.42.0.0/16 -j ACCEPT',
      '-A FORWARD -d 10.42.0.0/16 -j ACCEPT',
    );
    expect(judged({ netfilter: accepted })).toEqual(['ok ']);
  });

  it("leaves a network policy's drop alone", () => {
    const policy = rules(
      ':FORWARD ACCEPT [0:0]',
      ':cali-tw-1 - [0:0]',
      '-A FORWARD -o cali1 -j cali-tw-1',
      '-A cali-tw-1 -j DROP',
    );
    expect(judged({ netfilter: policy })).toEqual(['ok ']);
  });

  it('finds the last rule of an nft chain on the hook, whatever its name', () => {
    const reject = {
      matches: [],
      target: { kind: 'reject', with: 'admin-prohibited' },
      text: 'reject',
      number: 1,
    } as const;
    const chain = {
      name: 'filter_FORWARD',
      hook: 'forward',
      policy: 'accept',
      priority: 10,
      nat: false,
      rules: [reject],
    } as const;
    const table = { name: 'firewalld', family: 'ipv4', backend: 'nft', native: true, source: 'nft' } as const;
    const tables = [{ ...table, chains: new Map([[chain.name, chain]]) }];
    expect(judged({ netfilter: netfilterWith(seen({ tables })) })).toEqual(['problem cali1 → flannel.1']);
  });

  it("finds the chain that FORWARD hands the rest to, but not the end of a network policy's", () => {
    const handed = (chain: string) =>
      rules(
        ':FORWARD ACCEPT [0:0]',
        `:${chain} - [0:0]`,
        `-A FORWARD -j ${chain}`,
        `-A ${chain} -m comment --comment "the rest" -j REJECT`,
      );
    expect(judged({ netfilter: handed('reject-forward') })).toEqual(['problem cali1 → flannel.1']);
    expect(judged({ netfilter: handed('KUBE-NWPLCY-DEFAULT') })).toEqual(['ok ']);
  });

  it('leaves it to a firewall what the outside may begin where there is no default route', () => {
    const docker = rules(':FORWARD DROP [0:0]', '-A FORWARD -i docker0 -j ACCEPT');
    const parts = {
      netfilter: docker,
      links: seen([link('eth0'), link('docker0', { kind: 'bridge' }), link('v1', { kind: 'veth', master: 'docker0' })]),
      addresses: seen([address('eth0', '192.0.2.5/24'), address('docker0', '172.17.0.1/16')]),
      routes: seen([route('192.0.2.0/24', 'eth0'), route('172.17.0.0/16', 'docker0')]),
    };
    expect(judged(parts, generic)).toEqual(['ok ']);
    expect(judged({ ...parts, netfilter: rules(':FORWARD DROP [0:0]') }, generic)).toEqual(['problem docker0 → eth0']);
  });

  it('finds the one side of a router that FORWARD forgets', () => {
    const names = ['v1', 'v2', 'v3'];
    const parts = {
      links: seen(names.map((name, at) => link(name, { kind: 'veth', foreignPeer: true, peerNamespace: at }))),
      addresses: seen(names.map((name, at) => address(name, `10.${at}.0.1/24`))),
      routes: seen(names.map((name, at) => route(`10.${at}.0.0/24`, name))),
      netfilter: rules(':FORWARD DROP [0:0]', '-A FORWARD -i v1 -j ACCEPT', '-A FORWARD -i v2 -j ACCEPT'),
    };
    expect(judged(parts, generic)).toEqual(['problem v3 → v1']);
  });

  it('is no consequence of forwarding that is off: it stays when that is put right', () => {
    const snapshot = snapshotWith({
      ...NODE,
      netfilter: rules(':FORWARD DROP [0:0]'),
      sysctl: sysctlWith({ 'net/ipv4/ip_forward': '0' }),
    });
    const both = PROBLEMS.filter(({ id }) => id === 'ip-forward' || id === 'forward-policy');
    const findings = judge(both, snapshot, rke2Canal, { target: 'n', lang: 'en' });
    expect(findings.map(({ problem, severity }) => `${problem} ${severity}`)).toEqual([
      'forward-policy critical',
      'ip-forward critical',
    ]);
  });

  it('has nothing to say of a machine that routes for nobody', () => {
    const parts = { links: seen([link('eth0')]), netfilter: rules(':FORWARD DROP [0:0]') };
    expect(judged(parts, generic)).toEqual(['not-applicable ']);
  });

  it('is unknown where the rules may not be read', () => {
    const denied = unknown('denied', 'iptables-save', 'you must be root');
    expect(judged({ netfilter: netfilterWith(denied) })).toEqual(['unknown ']);
  });
});
