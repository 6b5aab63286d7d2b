import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ruleSet } from '../../../test/packet-filter/rule-sets.ts';
import { backendOfSave, parseIptablesSave } from './iptables-save.ts';
import type { Match, Rule, Table, Target } from './ruleset.ts';

const ORIGIN = { family: 'ipv4', backend: 'legacy', source: 'iptables-legacy-save -c' } as const;

function ruleFrom(text: string): Rule {
  const saved = `*mangle\n:FORWARD ACCEPT [0:0]\n:mine - [0:0]\n[7:420] -A FORWARD ${text}\nCOMMIT\n`;
  const rule = parseIptablesSave(saved, ORIGIN).tables[0]?.chains.get('FORWARD')?.rules[0];
  if (!rule) throw new Error('no rule');
  return rule;
}

const MATCHES: Readonly<Record<string, Match | readonly Match[]>> = {
  '-s 10.0.0.0/8': { kind: 'source', not: false, cidr: '10.0.0.0/8' },
  '! -d 10.0.0.1/32': { kind: 'destination', not: true, cidr: '10.0.0.1/32' },
  '-p tcp': { kind: 'protocol', not: false, protocol: 'tcp' },
  '! -i eth+': { kind: 'in', not: true, link: 'eth+' },
  '-o br0': { kind: 'out', not: false, link: 'br0' },
  '-f': { kind: 'fragment', not: false },
  '! -f': { kind: 'fragment', not: true },
  '-m tcp --dport 80:90': { kind: 'destination-port', not: false, ports: [{ from: 80, to: 90 }] },
  '-m udp ! --sport 53': { kind: 'source-port', not: true, ports: [{ from: 53, to: 53 }] },
  '-m multiport --dports 1,3:5': {
    kind: 'destination-port',
    not: false,
    ports: [
      { from: 1, to: 1 },
      { from: 3, to: 5 },
    ],
  },
  '-m multiport ! --ports 9': { kind: 'either-port', not: true, ports: [{ from: 9, to: 9 }] },
  '-m physdev --physdev-in p+': { kind: 'physdev-in', not: false, link: 'p+' },
  '-m physdev ! --physdev-out pb': { kind: 'physdev-out', not: true, link: 'pb' },
  '-m physdev --physdev-in pa --physdev-is-bridged': [
    { kind: 'physdev-in', not: false, link: 'pa' },
    { kind: 'physdev-is-bridged', not: false },
  ],
  '-m conntrack --ctstate INVALID,NEW': { kind: 'ct-state', not: false, states: ['INVALID', 'NEW'] },
  '-m state ! --state RELATED': { kind: 'ct-state', not: true, states: ['RELATED'] },
  '-m mark --mark 0x4000/0x4000': { kind: 'mark', not: false, value: 0x4000, mask: 0x4000 },
  '-m mark ! --mark 0x1': { kind: 'mark', not: true, value: 1, mask: 0xffffffff },
  '-m connmark --mark 0x1/0x3': { kind: 'connmark', not: false, value: 1, mask: 3 },
  '-m comment --comment "a \\"b\\" -j DROP"': { kind: 'always' },
  '-m comment --comment -j': { kind: 'always' },
  '-m addrtype --dst-type LOCAL': { kind: 'address-type', not: false, side: 'destination', type: 'LOCAL' },
  '-m set --match-set KUBE-CLUSTER-IP dst,dst': {
    kind: 'set',
    not: false,
    set: 'KUBE-CLUSTER-IP',
    directions: ['dst', 'dst'],
  },
  '-m tcp --tcp-flags FIN,SYN,RST,ACK SYN': {
    kind: 'tcp-flags',
    not: false,
    mask: ['FIN', 'SYN', 'RST', 'ACK'],
    set: ['SYN'],
  },
  '-m tcp --tcp-flags FIN NONE': { kind: 'tcp-flags', not: false, mask: ['FIN'], set: [] },
  '-m icmp --icmp-type 8/0': { kind: 'icmp-type', not: false, type: '8/0' },
  '-m icmp6 ! --icmpv6-type 135': { kind: 'icmp-type', not: true, type: '135' },
  '-m iprange --src-range 10.0.0.1-10.0.0.9': {
    kind: 'source-range',
    not: false,
    from: '10.0.0.1',
    to: '10.0.0.9',
  },
  '-m mac --mac-source 02:AA:00:00:00:01': { kind: 'mac-source', not: false, mac: '02:aa:00:00:00:01' },
  '-m limit --limit 5/sec --limit-burst 7': { kind: 'unmodelled', text: '-m limit --limit 5/sec --limit-burst 7' },
  '-m rpfilter --validmark --invert': { kind: 'unmodelled', text: '-m rpfilter --validmark --invert' },
  '-m conntrack --ctstate NEW ! --ctdir REPLY': [
    { kind: 'ct-state', not: false, states: ['NEW'] },
    { kind: 'unmodelled', text: '-m conntrack ! --ctdir REPLY' },
  ],
  '-m set --match-set x src --return-nomatch -m limit --limit 1/sec': [
    { kind: 'set', not: false, set: 'x', directions: ['src'] },
    { kind: 'unmodelled', text: '-m set --return-nomatch' },
    { kind: 'unmodelled', text: '-m limit --limit 1/sec' },
  ],
  '-m tcp --dport http': { kind: 'unmodelled', text: '-m tcp --dport http' },
  '-m mark --mark 0x1ffffffff': { kind: 'unmodelled', text: '-m mark --mark 0x1ffffffff' },
};

const TARGETS: Readonly<Record<string, Target>> = {
  '-j ACCEPT': { kind: 'accept' },
  '-j DROP': { kind: 'drop' },
  '-j RETURN': { kind: 'return' },
  '-j REJECT --reject-with icmp-port-unreachable': { kind: 'reject', with: 'icmp-port-unreachable' },
  '-j mine': { kind: 'jump', chain: 'mine' },
  '-g mine': { kind: 'goto', chain: 'mine' },
  '-j MARK --set-xmark 0x1/0x3': { kind: 'mark', op: 'xor', value: 1, mask: 3 },
  '-j MARK --set-mark 0x1': { kind: 'mark', op: 'set', value: 1, mask: 0xffffffff },
  '-j MARK --or-mark 0x4000': { kind: 'mark', op: 'or', value: 0x4000, mask: 0xffffffff },
  '-j MARK --and-mark 0xff': { kind: 'mark', op: 'and', value: 0xff, mask: 0xffffffff },
  '-j MARK --xor-mark 0x2': { kind: 'mark', op: 'xor', value: 2, mask: 0 },
  '-j CONNMARK --set-xmark 0x1/0x1': { kind: 'connmark', op: 'xor', value: 1, mask: 1 },
  '-j CONNMARK --save-mark --nfmask 0x3 --ctmask 0x1': { kind: 'save-mark', nfmask: 3, ctmask: 1 },
  '-j CONNMARK --restore-mark': { kind: 'restore-mark', nfmask: 0xffffffff, ctmask: 0xffffffff },
  '-j SNAT --to-source 10.0.0.1': { kind: 'snat', to: '10.0.0.1' },
  '-j DNAT --to-destination 10.0.0.1:80': { kind: 'dnat', to: '10.0.0.1:80' },
  '-j MASQUERADE --random-fully': { kind: 'masquerade', to: '' },
  '-j REDIRECT --to-ports 8080': { kind: 'redirect', to: '8080' },
  '-j NETMAP --to 10.1.0.0/24': { kind: 'netmap', to: '10.1.0.0/24' },
  '-j NOTRACK': { kind: 'notrack' },
  '-j CT --notrack': { kind: 'notrack' },
  '-j CT --zone 1': { kind: 'continue', text: '-j CT --zone 1' },
  '-j LOG --log-prefix "a -j DROP"': { kind: 'continue', text: '-j LOG --log-prefix a -j DROP' },
  '-j SET --map-set x src --map-mark': { kind: 'unmodelled', text: '-j SET --map-set x src --map-mark' },
  '-j NFQUEUE --queue-num 0': { kind: 'unmodelled', text: '-j NFQUEUE --queue-num 0' },
  '-j WHATEVER': { kind: 'unmodelled', text: '-j WHATEVER' },
  '-j constructor': { kind: 'unmodelled', text: '-j constructor' },
  '-m comment --comment x': { kind: 'none' },
};

describe('one rule of iptables-save', () => {
  it.each(Object.entries(MATCHES))('matches: %s', (text, expected) => {
    const rule = ruleFrom(`${text} -j DROP`);
    expect(rule.matches).toEqual(Array.isArray(expected) ? expected : [expected]);
    expect(rule.target).toEqual({ kind: 'drop' });
  });

  it.each(Object.entries(TARGETS))('does: %s', (text, expected) => {
    expect(ruleFrom(text).target).toEqual(expected);
  });

  it('keeps its text, number and counter', () => {
    expect(ruleFrom('-s 10.0.0.1/32 -j DROP')).toMatchObject({
      text: '-A FORWARD -s 10.0.0.1/32 -j DROP',
      number: 1,
      packets: 7,
    });
  });
});

const SAVED = `# Generated by iptables-nft-save v1.8.9 (nf_tables) on Sat Nov 21 11:23:47 2026
*nat
:PREROUTING ACCEPT [1:2]
:POSTROUTING ACCEPT [0:0]
:KUBE-MARK-MASQ - [0:0]
-A PREROUTING -j KUBE-MARK-MASQ
COMMIT
# Completed on Sat Nov 21 11:23:47 2026
*filter
:FORWARD DROP [3:4]
COMMIT
# Table \`security' is incompatible, use 'nft' tool.
`;

describe('the output of iptables-save', () => {
  it('gives tables with hooks, priorities and policies', () => {
    const { tables, incompatible } = parseIptablesSave(SAVED, ORIGIN);
    expect(incompatible).toEqual(['security']);
    expect(tables.map(({ name }) => name)).toEqual(['nat', 'filter']);
    expect(tables[0]?.chains.get('PREROUTING')).toMatchObject({
      hook: 'prerouting',
      priority: -100,
      nat: true,
      policy: 'accept',
      policyPackets: 1,
    });
    expect(tables[0]?.chains.get('POSTROUTING')).toMatchObject({ hook: 'postrouting', priority: 100 });
    expect(tables[0]?.chains.get('KUBE-MARK-MASQ')).not.toHaveProperty('hook');
    expect(tables[1]?.chains.get('FORWARD')).toMatchObject({
      hook: 'forward',
      priority: 0,
      policy: 'drop',
      nat: false,
    });
  });

  it('says by which backend it was printed', () => {
    expect(backendOfSave(SAVED)).toBe('nft');
    expect(backendOfSave('# Generated by iptables-save v1.4.21 on x\n')).toBe('legacy');
    expect(backendOfSave('# Generated by xtables-save v1.8.2 on x\n')).toBe('nft');
    expect(backendOfSave('')).toBeUndefined();
  });

  it.each([
    ['*filter\n:FORWARD DROP [0:0]\n', 'ends within table "filter"'],
    ['*filter\n:FORWARD DROP [0:0]\n-A NOWHERE -j DROP\nCOMMIT\n', 'line 3'],
    ['*filter\nhello\nCOMMIT\n', 'line 2'],
    ['-A FORWARD -j DROP\n', 'line 1'],
  ])('is refused, with the place, when it is not whole: %j', (text, place) => {
    expect(() => parseIptablesSave(text, ORIGIN)).toThrow(place);
  });
});

function print(table: Table): string {
  const chains = [...table.chains.values()];
  const heads = chains.map(({ name, policy }) => `:${name} ${policy?.toUpperCase() ?? '-'} [0:0]`);
  const rules = chains.flatMap((chain) => chain.rules.map(({ text }) => text));
  return [`*${table.name}`, ...heads, ...rules, 'COMMIT', ''].join('\n');
}

describe('any text', () => {
  it('is read, or refused with an Error that names the place', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('*filter', ':FORWARD DROP [0:0]', 'COMMIT', '-A FORWARD', '-A FORWARD -m set --match-set'),
      fc.string().map((text) => `-A FORWARD ${text}`),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        try {
          parseIptablesSave(lines.join('\n'), ORIGIN);
        } catch (error) {
          expect(String(error)).toMatch(/^Error: (line \d+: not a line of iptables-save|the text ends within table)/);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('printed from what was read, reads the same', () => {
    fc.assert(
      fc.property(ruleSet, ({ legacy }) => {
        const first = parseIptablesSave(legacy, ORIGIN).tables;
        const again = parseIptablesSave(first.map(print).join(''), ORIGIN).tables;
        const plain = (tables: readonly Table[]) =>
          tables.map(({ chains, ...rest }) => ({ ...rest, chains: [...chains] }));
        const uncounted = JSON.stringify(plain(first)).replaceAll(/,"policyPackets":\d+/g, '');
        expect(JSON.stringify(plain(again)).replaceAll(/,"policyPackets":\d+/g, '')).toBe(uncounted);
      }),
    );
  });
});
