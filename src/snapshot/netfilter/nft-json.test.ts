import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNftJson } from './nft-json.ts';
import type { Family, Rule } from './ruleset.ts';

const SOURCE = 'nft -j list ruleset';
const TABLE = { table: { family: 'inet', name: 't' } };
const CHAIN = {
  chain: { family: 'inet', table: 't', name: 'c', type: 'filter', hook: 'forward', prio: -5, policy: 'drop' },
};
const SETS = [
  {
    set: {
      family: 'inet',
      table: 't',
      name: 's',
      type: 'ipv4_addr',
      elem: ['10.0.0.1', { prefix: { addr: '10.1.0.0', len: 16 } }],
    },
  },
  {
    map: {
      family: 'inet',
      table: 't',
      name: 'm',
      type: 'inet_service',
      map: 'verdict',
      elem: [
        [80, { accept: null }],
        [{ range: [90, 99] }, { jump: { target: 'd' } }],
      ],
    },
  },
];

function tablesFrom(objects: readonly unknown[], family: Family = 'ipv4', taken: readonly string[] = []) {
  return parseNftJson(JSON.stringify({ nftables: objects }), { family, source: SOURCE, taken: new Set(taken) });
}

function rulesFrom(expr: readonly unknown[], family: Family = 'ipv4'): readonly Rule[] {
  const rule = { rule: { family: 'inet', table: 't', chain: 'c', expr } };
  return tablesFrom([TABLE, ...SETS, CHAIN, rule], family)[0]?.chains.get('c')?.rules ?? [];
}

function match(left: unknown, right: unknown, op = '==') {
  return { match: { op, left, right } };
}
const meta = (key: string) => ({ meta: { key } });
const payload = (protocol: string, field: string) => ({ payload: { protocol, field } });
const ct = (key: string) => ({ ct: { key } });
const NEVER = { kind: 'any', not: false, of: [] };

const CONDITIONS: readonly [string, unknown, readonly unknown[]][] = [
  ['address', match(payload('ip', 'saddr'), '10.0.0.1'), [{ kind: 'source', not: false, cidr: '10.0.0.1' }]],
  [
    'not a prefix',
    match(payload('ip', 'daddr'), { prefix: { addr: '10.0.0.0', len: 8 } }, '!='),
    [{ kind: 'destination', not: true, cidr: '10.0.0.0/8' }],
  ],
  [
    'range',
    match(payload('ip', 'saddr'), { range: ['10.0.0.1', '10.0.0.9'] }),
    [{ kind: 'source-range', not: false, from: '10.0.0.1', to: '10.0.0.9' }],
  ],
  [
    'another family',
    match(payload('ip6', 'saddr'), 'fd00::1'),
    [NEVER, { kind: 'source', not: false, cidr: 'fd00::1' }],
  ],
  [
    'named set',
    match(payload('ip', 'saddr'), '@s'),
    [
      {
        kind: 'any',
        not: false,
        of: [[{ kind: 'source', not: false, cidr: '10.0.0.1' }], [{ kind: 'source', not: false, cidr: '10.1.0.0/16' }]],
      },
    ],
  ],
  [
    'unknown set',
    match(payload('tcp', 'dport'), '@gone'),
    [
      { kind: 'protocol', not: false, protocol: 'tcp' },
      { kind: 'unmodelled', text: 'tcp dport @gone' },
    ],
  ],
  [
    'ports',
    match(payload('tcp', 'dport'), { set: [1, { range: [3, 5] }] }, '!='),
    [
      { kind: 'protocol', not: false, protocol: 'tcp' },
      {
        kind: 'destination-port',
        not: true,
        ports: [
          { from: 1, to: 1 },
          { from: 3, to: 5 },
        ],
      },
    ],
  ],
  ['prefix of a name', match(meta('iifname'), 'cali*'), [{ kind: 'in', not: false, link: 'cali+' }]],
  [
    'states',
    match(ct('state'), ['established', 'related'], 'in'),
    [{ kind: 'ct-state', not: false, states: ['ESTABLISHED', 'RELATED'] }],
  ],
  ['translated', match(ct('status'), 'dnat', 'in'), [{ kind: 'ct-state', not: false, states: ['DNAT'] }]],
  ['mark and mask', match({ '&': [meta('mark'), 3] }, 1, '!='), [{ kind: 'mark', not: true, value: 1, mask: 3 }]],
  ['connmark', match(ct('mark'), 7), [{ kind: 'connmark', not: false, value: 7, mask: 0xffffffff }]],
  [
    'flags',
    match({ '&': [payload('tcp', 'flags'), { '|': ['syn', 'ack'] }] }, 'syn'),
    [{ kind: 'tcp-flags', not: false, mask: ['SYN', 'ACK'], set: ['SYN'] }],
  ],
  [
    'type of address',
    match({ fib: { result: 'type', flags: ['daddr'] } }, 'local'),
    [{ kind: 'address-type', not: false, side: 'destination', type: 'LOCAL' }],
  ],
  [
    'icmp',
    match(payload('icmp', 'type'), 'echo-request'),
    [
      { kind: 'protocol', not: false, protocol: 'icmp' },
      { kind: 'icmp-type', not: false, type: 'echo-request' },
    ],
  ],
  ['family', match(meta('nfproto'), 'ipv6'), [NEVER]],
  [
    'concatenation',
    match({ concat: [payload('ip', 'daddr'), payload('udp', 'dport')] }, { set: [{ concat: ['10.0.0.1', 53] }] }),
    [
      { kind: 'protocol', not: false, protocol: 'udp' },
      {
        kind: 'any',
        not: false,
        of: [
          [
            { kind: 'destination', not: false, cidr: '10.0.0.1' },
            { kind: 'destination-port', not: false, ports: [{ from: 53, to: 53 }] },
          ],
        ],
      },
    ],
  ],
  ['a limit', { limit: { rate: 5, per: 'second' } }, [{ kind: 'unmodelled', text: 'limit {"rate":5,"per":"second"}' }]],
  [
    "iptables' own match",
    { xt: { type: 'match', name: 'physdev' } },
    [{ kind: 'unmodelled', text: 'xt {"type":"match","name":"physdev"}' }],
  ],
  ['something else', match(meta('skuid'), 0), [{ kind: 'unmodelled', text: 'meta skuid 0' }]],
];

const STATEMENTS: readonly [unknown, unknown][] = [
  [{ accept: null }, { kind: 'accept' }],
  [{ drop: null }, { kind: 'drop' }],
  [{ return: null }, { kind: 'return' }],
  [{ continue: null }, { kind: 'none' }],
  [{ jump: { target: 'd' } }, { kind: 'jump', chain: 'd' }],
  [{ goto: { target: 'd' } }, { kind: 'goto', chain: 'd' }],
  [{ reject: { type: 'icmpx', expr: 'port-unreachable' } }, { kind: 'reject', with: 'port-unreachable' }],
  [{ masquerade: null }, { kind: 'masquerade', to: '' }],
  [{ snat: { addr: '10.0.0.1' } }, { kind: 'snat', to: '10.0.0.1' }],
  [{ dnat: { addr: 'fd00::1', port: 80 } }, { kind: 'dnat', to: '[fd00::1]:80' }],
  [{ dnat: { addr: { map: {} } } }, { kind: 'dnat', to: '' }],
  [{ redirect: { port: 8080 } }, { kind: 'redirect', to: ':8080' }],
  [{ queue: { num: 0 } }, { kind: 'unmodelled', text: 'queue {"num":0}' }],
  [{ xt: null }, { kind: 'unmodelled', text: 'xt' }],
  [{ log: null }, { kind: 'none' }],
];

const EFFECTS: readonly [unknown, unknown, unknown][] = [
  [meta('mark'), 1, { kind: 'mark', op: 'xor', value: 1, mask: 0xffffffff }],
  [meta('mark'), { '|': [meta('mark'), 4] }, { kind: 'mark', op: 'xor', value: 4, mask: 4 }],
  [meta('mark'), { '|': [{ '&': [meta('mark'), 0xf] }, 1] }, { kind: 'mark', op: 'xor', value: 1, mask: 0xfffffff1 }],
  [meta('mark'), ct('mark'), { kind: 'restore-mark', nfmask: 0xffffffff, ctmask: 0xffffffff }],
  [ct('mark'), meta('mark'), { kind: 'save-mark', nfmask: 0xffffffff, ctmask: 0xffffffff }],
  [meta('priority'), 1, { kind: 'continue', text: 'meta priority set 1' }],
  [payload('ip', 'daddr'), '10.0.0.1', { kind: 'unmodelled', text: 'ip daddr set 10.0.0.1' }],
];

describe('one rule of nft', () => {
  it.each(CONDITIONS)('compares: %s', (_name, statement, expected) => {
    expect(rulesFrom([statement, { drop: null }])).toMatchObject([
      { matches: expected, target: { kind: 'drop' }, number: 1 },
    ]);
  });

  it.each(STATEMENTS)('does: %j', (statement, expected) => {
    expect(rulesFrom([statement]).map(({ target }) => target)).toEqual([expected]);
  });

  it.each(EFFECTS)('sets %j to %j', (key, value, expected) => {
    expect(rulesFrom([{ mangle: { key, value } }, { accept: null }])).toMatchObject([
      { effects: [expected], target: { kind: 'accept' } },
    ]);
  });

  it('is two when it goes on comparing after it has set a mark', () => {
    const one = match(meta('mark'), 1);
    const rules = rulesFrom([
      one,
      { mangle: { key: meta('mark'), value: 2 } },
      match(meta('iifname'), 'a'),
      { drop: null },
    ]);
    expect(rules.map(({ matches, target, number }) => [matches.map(({ kind }) => kind), target.kind, number])).toEqual([
      [['mark'], 'none', 1],
      [['unmodelled', 'in'], 'drop', 1],
    ]);
  });

  it('is one for each element of a verdict map', () => {
    const rules = rulesFrom([{ vmap: { key: payload('tcp', 'dport'), data: '@m' } }]);
    expect(rules.map(({ target }) => target)).toEqual([{ kind: 'accept' }, { kind: 'jump', chain: 'd' }]);
    expect(rules[1]?.matches).toEqual([
      { kind: 'protocol', not: false, protocol: 'tcp' },
      { kind: 'destination-port', not: false, ports: [{ from: 90, to: 99 }] },
    ]);
  });

  it('counts', () => {
    expect(rulesFrom([{ counter: { packets: 9, bytes: 1 } }, { drop: null }])[0]?.packets).toBe(9);
  });
});

describe('the tables nft lists', () => {
  it('are those of the family and of inet, without those another tool showed', () => {
    const table = (family: string, name: string) => ({ table: { family, name } });
    const all = [
      table('ip', 'filter'),
      table('ip', 'mine'),
      table('ip6', 'six'),
      TABLE,
      table('bridge', 'b'),
      table('netdev', 'n'),
    ];
    expect(tablesFrom(all, 'ipv4', ['filter']).map(({ name }) => name)).toEqual(['mine', 't']);
    expect(tablesFrom(all, 'ipv6').map(({ name }) => name)).toEqual(['six', 't']);
    expect(tablesFrom([TABLE, CHAIN])[0]?.chains.get('c')).toMatchObject({
      hook: 'forward',
      priority: -5,
      policy: 'drop',
      nat: false,
    });
  });

  it.each(['', '{', '[]', '{"nftables": 1}', '{"nftables": [1]}', '{"nftables": [{"rule": {}}]}'])(
    'are refused when they are no such list: %s',
    (text) => {
      expect(() => parseNftJson(text, { family: 'ipv4', source: SOURCE, taken: new Set() })).toThrow();
    },
  );

  it('whatever the expressions are, are read or refused', () => {
    const names = fc.constantFrom(
      'match',
      'vmap',
      'mangle',
      'left',
      'right',
      'op',
      'set',
      'payload',
      'meta',
      'key',
      'data',
      'xt',
      'snat',
      '&',
      'concat',
      'elem',
      'range',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.string(),
        fc.integer(),
        fc.constant(null),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(names, tie('tree'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(fc.array(fc.dictionary(names, tree, { maxKeys: 1 })), (expr) => {
        expect(rulesFrom(expr).every(({ number }) => number === 1)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
