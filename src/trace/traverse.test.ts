import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ruleSet } from '../../test/packet-filter/rule-sets.ts';
import { parseIptablesSave } from '../snapshot/netfilter/iptables-save.ts';
import { parseNftJson } from '../snapshot/netfilter/nft-json.ts';
import type { Ruleset } from '../snapshot/netfilter/ruleset.ts';
import { bridgeVerdict, routedVerdict } from './bridge.ts';
import type { Packet } from './packet.ts';
import type { TraceContext } from './sight.ts';
import { traverse } from './traverse.ts';
import { unmodelled } from './unmodelled.ts';

const PACKET: Packet = {
  family: 'ipv4',
  inLink: 'eth0',
  outLink: 'eth1',
  physicalIn: null,
  physicalOut: null,
  source: '10.0.0.1',
  destination: '10.0.0.2',
  protocol: 'tcp',
  sourcePort: 40000,
  destinationPort: 80,
  tcpFlags: ['SYN'],
  ctState: 'NEW',
  mark: 0,
};

function saved(text: string, backend: 'legacy' | 'nft' = 'legacy'): Ruleset {
  return parseIptablesSave(text, { family: 'ipv4', backend, source: `iptables-${backend}-save -c` });
}

/** A filter table with these FORWARD rules; `user:` begins a rule of the chain of that name. */
function forward(policy: 'ACCEPT' | 'DROP', ...rules: readonly string[]): Ruleset {
  const lines = rules.map((rule) => (rule.startsWith('user: ') ? `-A user ${rule.slice(6)}` : `-A FORWARD ${rule}`));
  return saved(['*filter', `:FORWARD ${policy} [0:0]`, ':user - [0:0]', ...lines, 'COMMIT', ''].join('\n'));
}

function verdict(rules: Ruleset, packet: Partial<Packet> = {}, context: TraceContext = {}) {
  return traverse(rules, { ...PACKET, ...packet }, ['forward'], context);
}

/** The packet without one of its fields. */
function without(...fields: readonly (keyof Packet)[]): Packet {
  return Object.fromEntries(
    Object.entries(PACKET).filter(([key]) => !(fields as string[]).includes(key)),
  ) as unknown as Packet;
}

describe('one chain', () => {
  it.each([
    ['pass', forward('ACCEPT')],
    ['drop', forward('DROP')],
    ['drop', forward('ACCEPT', '-p tcp -j DROP')],
    ['drop', forward('ACCEPT', '-j REJECT --reject-with tcp-reset')],
    ['pass', forward('ACCEPT', '-j LOG', '-j RETURN', '-j DROP')],
    ['drop', forward('DROP', '-j RETURN', '-j ACCEPT')],
    ['pass', forward('DROP', '-j user', '-j ACCEPT', 'user: -j RETURN', 'user: -j DROP')],
    ['drop', forward('DROP', '-g user', '-j ACCEPT', 'user: -j RETURN')],
    ['pass', forward('DROP', '-j MARK --set-mark 0x1', '-m mark --mark 0x1 -j ACCEPT')],
    [
      'drop',
      forward('ACCEPT', '-j CONNMARK --set-mark 0x2', '-j CONNMARK --restore-mark', '-m mark --mark 0x2 -j DROP'),
    ],
  ] as const)('%s', (expected, rules) => {
    expect(verdict(rules).verdict).toBe(expected);
  });

  it('names the rule that decides', () => {
    expect(verdict(forward('ACCEPT', '-j user', 'user: -p udp -j DROP', 'user: -p tcp -j DROP'))).toEqual({
      verdict: 'drop',
      decidedBy: {
        table: 'filter',
        chain: 'user',
        rule: 2,
        text: '-A user -p tcp -j DROP',
        source: 'iptables-legacy-save -c',
      },
      hangsOn: [],
      rewrites: [],
    });
    expect(verdict(forward('DROP')).decidedBy).toMatchObject({ chain: 'FORWARD', rule: 'policy', text: 'policy DROP' });
    expect(verdict(forward('DROP', '-j ACCEPT')).decidedBy).toMatchObject({ rule: 1 });
  });
});

describe('what is not known', () => {
  it('is unknown only when it decides', () => {
    const limit = '-m limit --limit 1/sec';
    expect(verdict(forward('ACCEPT', `${limit} -j ACCEPT`)).verdict).toBe('pass');
    expect(verdict(forward('ACCEPT', `${limit} -j DROP`, '-j DROP')).verdict).toBe('drop');
    expect(verdict(forward('ACCEPT', `-p udp ${limit} -j DROP`)).verdict).toBe('pass');
    expect(verdict(forward('ACCEPT', `${limit} -j user`, 'user: -j LOG')).verdict).toBe('pass');
    expect(
      verdict(forward('ACCEPT', `${limit} -j user`, '-s 10.0.0.1/32 -j LOG', 'user: -p tcp -j DROP')),
    ).toMatchObject({
      verdict: 'unknown',
      hangsOn: [{ rule: { chain: 'FORWARD', rule: 1 }, why: 'not modelled: -m limit --limit 1/sec' }],
    });
  });

  it('names each field that is missing', () => {
    const rules = forward('DROP', '-s 10.0.0.0/8 -p tcp -m tcp --dport 80 -j ACCEPT');
    expect(traverse(rules, without('source'), ['forward']).hangsOn[0]?.why).toBe('the source address is not known');
    expect(traverse(rules, without('destinationPort'), ['forward']).hangsOn[0]?.why).toBe(
      'the destination port is not known',
    );
  });

  it('follows a mark bit by bit', () => {
    const maybe = '-m limit --limit 1/sec -j MARK --or-mark 0x1';
    expect(verdict(forward('ACCEPT', maybe, '-m mark --mark 0x4/0x4 -j DROP')).verdict).toBe('pass');
    expect(verdict(forward('ACCEPT', maybe, '-m mark --mark 0x1/0x1 -j DROP'))).toMatchObject({
      verdict: 'unknown',
      hangsOn: [{ rule: { rule: 2 } }],
    });
    expect(verdict(forward('ACCEPT', maybe, '-j MARK --and-mark 0x2', '-m mark --mark 0x1/0x1 -j DROP')).verdict).toBe(
      'pass',
    );
  });

  it('stops at targets that are not modelled', () => {
    expect(verdict(forward('ACCEPT', '-j NFQUEUE --queue-num 1')).hangsOn[0]?.why).toBe(
      'not modelled: -j NFQUEUE --queue-num 1',
    );
    expect(verdict(forward('ACCEPT', '-j NFQUEUE --queue-num 1', '-j DROP')).verdict).toBe('unknown');
  });

  it('hangs on tables that cannot be seen, unless what is seen drops it', () => {
    expect(verdict({ ...forward('ACCEPT'), unseen: ['native tables'] })).toMatchObject({
      verdict: 'unknown',
      hangsOn: [{ why: 'native tables' }],
    });
    expect(verdict({ ...forward('DROP'), unseen: ['native tables'] }).verdict).toBe('drop');
  });

  it('is not searched for by trying every way', () => {
    const chains = Array.from({ length: 60 }, (_, n) => `c${n}`);
    const lines = chains.flatMap((name, n) => {
      const next = chains[n + 1];
      return next
        ? [`-A ${name} -m limit --limit 1/sec -j ${next}`, `-A ${name} -j ${next}`]
        : [`-A ${name} -p udp -j DROP`];
    });
    const text = [
      '*filter',
      ':FORWARD ACCEPT [0:0]',
      ...chains.map((name) => `:${name} - [0:0]`),
      '-A FORWARD -j c0',
      ...lines,
      'COMMIT',
      '',
    ];
    expect(verdict(saved(text.join('\n'))).verdict).toBe('pass');
  });

  it('does not follow calls into any depth', () => {
    const names = Array.from({ length: 20_000 }, (_, n) => `c${n}`);
    const lines = names.slice(1).map((name, n) => `-A c${n} -j ${name}`);
    const heads = names.map((name) => `:${name} - [0:0]`);
    const text = ['*filter', ':FORWARD ACCEPT [0:0]', ...heads, '-A FORWARD -j c0', ...lines, 'COMMIT', ''].join('\n');
    expect(verdict(saved(text)).verdict).toBe('unknown');
  });

  it('does not follow chains that call each other for ever', () => {
    const text =
      '*filter\n:FORWARD ACCEPT [0:0]\n:a - [0:0]\n:b - [0:0]\n-A FORWARD -j a\n-A a -j b\n-A b -j a\nCOMMIT\n';
    expect(verdict(saved(text)).verdict).toBe('unknown');
  });
});

describe('several tables', () => {
  it('all have their say, in the order of their priorities', () => {
    const mangle = '*mangle\n:FORWARD ACCEPT [0:0]\n-A FORWARD -j MARK --set-mark 0x1\n-A FORWARD -j ACCEPT\nCOMMIT\n';
    const filter = '*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m mark --mark 0x1 -j DROP\nCOMMIT\n';
    expect(verdict(saved(filter + mangle))).toMatchObject({ verdict: 'drop', decidedBy: { table: 'filter' } });
    const both = { tables: [...saved(filter, 'nft').tables, ...forward('DROP').tables] };
    expect(verdict(both).verdict).toBe('drop');
  });

  it('leave open what depends on an order that cannot be seen', () => {
    const sets = saved('*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -j MARK --set-mark 0x1\nCOMMIT\n', 'nft');
    const asks = forward('ACCEPT', '-m mark --mark 0x1 -j DROP');
    expect(verdict({ tables: [...sets.tables, ...asks.tables] })).toMatchObject({ verdict: 'unknown', hangsOn: [{}] });
  });

  it('of another family do not count', () => {
    const six = parseIptablesSave('*filter\n:FORWARD DROP [0:0]\nCOMMIT\n', {
      family: 'ipv6',
      backend: 'nft',
      source: '',
    });
    expect(verdict(six).verdict).toBe('pass');
  });
});

describe('connections', () => {
  const raw = (rule: string) =>
    saved(
      `*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING ${rule}\nCOMMIT\n*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m conntrack --ctstate UNTRACKED -j DROP\nCOMMIT\n`,
    );
  const enter = (rules: Ruleset, packet: Partial<Packet> = {}) =>
    traverse(rules, { ...PACKET, ...packet }, ['prerouting']);

  it('begin after the raw table', () => {
    expect(enter(raw('-m conntrack --ctstate INVALID -j DROP')).decidedBy?.table).toBe('raw');
    expect(enter(raw('-m conntrack --ctstate NEW -j DROP')).verdict).toBe('pass');
    expect(enter(raw('-j NOTRACK')).decidedBy?.table).toBe('mangle');
    expect(enter(raw('-p udp -j CT --notrack')).verdict).toBe('pass');
    expect(enter(raw('-m limit --limit 1/sec -j NOTRACK')).verdict).toBe('unknown');
  });

  it('bring only their first packet to nat', () => {
    const nat = saved(
      '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -j DNAT --to-destination 10.0.0.9:8080\nCOMMIT\n*mangle\n:INPUT ACCEPT [0:0]\n-A INPUT -d 10.0.0.9/32 -p tcp -m tcp --dport 8080 -m conntrack --ctstate DNAT -j DROP\nCOMMIT\n',
    );
    const seen = (ctState: Packet['ctState']) => traverse(nat, { ...PACKET, ctState }, ['prerouting', 'input']);
    expect(seen('NEW')).toMatchObject({
      verdict: 'drop',
      rewrites: [{ kind: 'dnat', rule: { chain: 'PREROUTING', rule: 1 } }],
    });
    expect(seen('ESTABLISHED')).toMatchObject({ verdict: 'pass', rewrites: [] });
    expect(seen('INVALID')).toMatchObject({ verdict: 'pass', rewrites: [] });
  });

  it('with no rewrite that is certain have none', () => {
    const nat = saved('*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -m limit --limit 1/sec -j MASQUERADE\nCOMMIT\n');
    expect(traverse(nat, PACKET, ['postrouting'])).toMatchObject({ verdict: 'pass', rewrites: [] });
  });
});

describe('a bridged frame', () => {
  const { inLink, outLink, physicalIn, physicalOut, ...rest } = PACKET;
  const frame = { ...rest, bridge: 'br0', portIn: 'pa', portOut: 'pb' };

  it('is seen as coming from and going to the bridge, with its ports', () => {
    const crossing = (rule: string) => bridgeVerdict(forward('ACCEPT', `${rule} -j DROP`), frame).verdict;
    expect(crossing('-i br0 -o br0 -m physdev --physdev-in pa --physdev-out pb --physdev-is-bridged')).toBe('drop');
    expect(crossing('-i pa')).toBe('pass');
    expect(crossing('-m physdev ! --physdev-in p+')).toBe('pass');
  });

  it('is masqueraded, or lost for want of an address', () => {
    const nat = saved('*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -o br0 -j MASQUERADE\nCOMMIT\n');
    expect(bridgeVerdict(nat, frame)).toMatchObject({ verdict: 'pass', rewrites: [{ kind: 'snat' }] });
    expect(bridgeVerdict(nat, frame, { localAddresses: ['127.0.0.1/8'] })).toMatchObject({
      verdict: 'drop',
      decidedBy: { rule: 1 },
    });
  });

  it('with a new destination goes where the routes say', () => {
    const nat = (to: string) =>
      saved(`*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -j DNAT --to-destination ${to}\nCOMMIT\n`);
    expect(bridgeVerdict(nat('10.0.0.9'), frame)).toMatchObject({
      verdict: 'unknown',
      hangsOn: [{ rule: { table: 'nat', rule: 1 } }],
    });
    expect(bridgeVerdict(nat(':8080'), frame)).toMatchObject({ verdict: 'pass', rewrites: [{ kind: 'dnat' }] });
    expect(routedVerdict(nat('10.0.0.9'), PACKET).verdict).toBe('unknown');
  });
});

describe('any rule set', () => {
  it('is decided as before, or not at all, when less is known of the packet', () => {
    const fields = fc.subarray([
      'source',
      'destination',
      'destinationPort',
      'inLink',
      'outLink',
      'physicalIn',
      'physicalOut',
    ] as const);
    fc.assert(
      fc.property(ruleSet, fields, ({ legacy }, left) => {
        const rules = saved(legacy);
        const full = routedVerdict(rules, PACKET);
        const partial = routedVerdict(rules, without(...left));
        if (full.verdict === 'unknown') expect(partial.verdict).toBe('unknown');
        else expect(['unknown', full.verdict]).toContain(partial.verdict);
        if (partial.verdict === 'unknown') expect(partial.hangsOn.length).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });
});

describe('what is not modelled', () => {
  it('is listed once', () => {
    const rules = forward('ACCEPT', '-m limit --limit 1/sec -j DROP', '-m limit --limit 1/sec -j ACCEPT', '-j NFQUEUE');
    expect(unmodelled(rules)).toEqual(['-m limit --limit 1/sec', '-j NFQUEUE']);
    const json = {
      nftables: [
        { table: { family: 'ip', name: 't' } },
        { chain: { family: 'ip', table: 't', name: 'c' } },
        {
          rule: {
            family: 'ip',
            table: 't',
            chain: 'c',
            expr: [{ match: { op: '==', left: { meta: { key: 'skuid' } }, right: 0 } }],
          },
        },
      ],
    };
    expect(
      unmodelled({ tables: parseNftJson(JSON.stringify(json), { family: 'ipv4', source: '', taken: new Set() }) }),
    ).toEqual(['meta skuid 0']);
  });
});
