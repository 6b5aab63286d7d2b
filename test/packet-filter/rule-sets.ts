import fc from 'fast-check';

/** One generated rule set: what is loaded, by which tool. Every text replaces all that was there before. */
export interface RuleSet {
  readonly legacy: string;
  readonly nft: string;
  /** For `nft -f`, added to what iptables-nft made. */
  readonly native: string;
}

/** ipsets the generated rules look into. */
export const IPSETS = `create hosts hash:ip family inet
add hosts 10.9.0.2
add hosts 10.8.2.2
create nets hash:net family inet
add nets 10.9.0.0/24
add nets 10.9.0.2/32 nomatch
add nets 10.8.0.0/15
create services hash:ip,port family inet
add services 10.9.0.3,udp:53
add services 10.9.0.3,tcp:80
add services 10.8.2.2,udp:80
create ports bitmap:port range 0-65535
add ports 53
add ports 443
create empty hash:ip family inet
`;

export const PORTS = [53, 80, 443, 8080];

type Place = 'PREROUTING' | 'FORWARD' | 'POSTROUTING' | 'user';

const ADDRESSES = ['10.9.0.2/32', '10.9.0.3/32', '10.9.0.0/24', '10.8.0.0/15', '10.8.1.0/24', '192.0.2.0/24'];
const STATES = ['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED', 'DNAT', 'SNAT'];

const not = fc.constantFrom('', '', '', '! ');
const port = fc.constantFrom(...PORTS);
const bits = fc.constantFrom('0x1/0x1', '0x0/0x1', '0x2/0x3', '0x4/0x4', '0x0', '0x1');

function turned(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(not, text).map(([sign, rest]) => sign + rest);
}

const addressed = fc.oneof(
  turned(fc.constantFrom(...ADDRESSES).map((address) => `-s ${address}`)),
  turned(fc.constantFrom(...ADDRESSES).map((address) => `-d ${address}`)),
);

const withProtocol = fc.oneof(
  turned(fc.constantFrom('-p udp', '-p tcp', '-p icmp', '-p sctp')),
  fc.tuple(fc.constantFrom('udp', 'tcp'), not, port).map(([p, sign, at]) => `-p ${p} -m ${p} ${sign}--dport ${at}`),
  fc
    .tuple(fc.constantFrom('udp', 'tcp'), not, port)
    .map(([p, sign, at]) => `-p ${p} -m ${p} ${sign}--dport ${at}:${at + 100}`),
  fc
    .tuple(fc.constantFrom('udp', 'tcp'), not, fc.constantFrom('--dports', '--ports'), port, port)
    .map(([p, sign, side, one, two]) => `-p ${p} -m multiport ${sign}${side} ${one},${two},9000:9100`),
  turned(fc.constantFrom('8', '0', '3/3', '3/1')).map(
    (text) => `-p icmp -m icmp ${text.replace(/(! )?(.*)/, '$1--icmp-type $2')}`,
  ),
  turned(fc.constantFrom('--tcp-flags SYN,ACK SYN', '--syn', '--tcp-flags ALL ACK', '--tcp-flags SYN NONE')).map(
    (text) => `-p tcp -m tcp ${text}`,
  ),
);

const module = fc.oneof(
  fc
    .tuple(not, fc.subarray(STATES, { minLength: 1, maxLength: 3 }))
    .map(([sign, states]) => `-m conntrack ${sign}--ctstate ${states.join(',')}`),
  fc
    .tuple(not, fc.subarray(STATES.slice(0, 5), { minLength: 1, maxLength: 2 }))
    .map(([sign, states]) => `-m state ${sign}--state ${states.join(',')}`),
  fc.tuple(not, bits).map(([sign, mark]) => `-m mark ${sign}--mark ${mark}`),
  fc.tuple(not, bits).map(([sign, mark]) => `-m connmark ${sign}--mark ${mark}`),
  fc
    .tuple(not, fc.constantFrom('pa', 'pb', 'p+', 'ra'))
    .map(([sign, link]) => `-m physdev ${sign}--physdev-in ${link}`),
  turned(fc.constantFrom('--physdev-is-bridged', '--physdev-is-in')).map((text) => `-m physdev ${text}`),
  fc
    .tuple(
      not,
      fc.constantFrom('hosts src', 'hosts dst', 'nets src', 'nets dst', 'services dst,dst', 'ports dst', 'empty src'),
    )
    .map(([sign, set]) => `-m set ${sign}--match-set ${set}`),
  fc
    .tuple(not, fc.constantFrom('--dst-type', '--src-type'), fc.constantFrom('LOCAL', 'UNICAST', 'BROADCAST'))
    .map(([sign, side, type]) => `-m addrtype ${sign}${side} ${type}`),
  turned(fc.constantFrom('--src-range 10.9.0.1-10.9.0.2', '--dst-range 10.8.0.0-10.9.0.2')).map(
    (text) => `-m iprange ${text}`,
  ),
  fc.constant('-m comment --comment "it\\\'s \\"-j DROP\\" -j"'),
);

/** Matches that are read and not modelled; each certainly matches, certainly does not, or either. */
const unmodelled = fc.constantFrom(
  '-m length --length 1:20',
  '-m statistic --mode nth --every 2 --packet 0',
  '-m ttl --ttl-gt 200',
);

function linked(place: Place): fc.Arbitrary<string> {
  const names = fc.constantFrom('br0', 'ra', 'rb', 'r+', 'pa');
  const incoming = turned(names.map((name) => `-i ${name}`));
  const outgoing = turned(names.map((name) => `-o ${name}`));
  const bridged = turned(fc.constantFrom('pa', 'pb').map((name) => `--physdev-out ${name}`)).map(
    (text) => `-m physdev ${text}`,
  );
  if (place === 'PREROUTING') return fc.oneof(incoming, bridged);
  if (place === 'POSTROUTING') return fc.oneof(outgoing, bridged);
  return fc.oneof(incoming, outgoing, bridged);
}

function matches(place: Place): fc.Arbitrary<string> {
  const some = fc.oneof(
    { weight: 3, arbitrary: addressed },
    { weight: 3, arbitrary: withProtocol },
    { weight: 3, arbitrary: linked(place) },
    { weight: 8, arbitrary: module },
    {
      weight: place === 'FORWARD' ? 1 : 0,
      arbitrary: turned(fc.constant('--mac-source 02:00:00:00:0a:01')).map((text) => `-m mac ${text}`),
    },
  );
  const ordered = fc.tuple(fc.option(some, { nil: '' }), fc.option(module, { nil: '', freq: 2 }), fc.nat(60));
  return ordered.chain(([one, two, dice]) => {
    const text = [one, two].filter(Boolean).join(' ');
    return dice === 0 ? unmodelled.map((more) => `${text} ${more}`) : fc.constant(text);
  });
}

function rule(place: Place, chain: string, targets: readonly string[]): fc.Arbitrary<string> {
  return fc.tuple(matches(place), fc.constantFrom(...targets)).map(([text, target]) => {
    const twice = text.includes('-p ') && target.startsWith('-p ');
    return `-A ${chain} ${text} ${twice ? '-j ACCEPT' : target}`.replace(/ +/g, ' ').trim();
  });
}

function rules(place: Place, chain: string, targets: readonly string[], maxLength: number): fc.Arbitrary<string> {
  return fc.array(rule(place, chain, targets), { maxLength }).map((lines) => lines.join('\n'));
}

const MARKS = [
  '-j MARK --set-xmark 0x1/0x1',
  '-j MARK --or-mark 0x4',
  '-j MARK --and-mark 0xfffffffe',
  '-j MARK --set-mark 0x2',
  '-j MARK --xor-mark 0x1',
  '-j CONNMARK --set-xmark 0x2/0x3',
  '-j CONNMARK --save-mark',
  '-j CONNMARK --restore-mark --nfmask 0x3 --ctmask 0x3',
];
const CALLS = ['-j one', '-j two', '-g one', '-g two'];
const ENDS = ['-j ACCEPT', '-j DROP', '-j RETURN'];
const NAT_TO = ['-j DNAT --to-destination 192.0.2.9', '-p udp -j DNAT --to-destination :53', '-j REDIRECT'];

function table(
  name: string,
  chains: readonly string[],
  body: readonly fc.Arbitrary<string>[],
  policies = ['ACCEPT'],
): fc.Arbitrary<string> {
  const heads = chains.map((chain) =>
    fc.constantFrom(...(chain === chain.toLowerCase() ? ['-'] : policies)).map((policy) => `:${chain} ${policy} [0:0]`),
  );
  return fc
    .tuple(fc.tuple(...heads), fc.tuple(...body))
    .map(([head, lines]) => [`*${name}`, ...head, ...lines.filter(Boolean), 'COMMIT', ''].join('\n'));
}

const filterTable = table(
  'filter',
  ['INPUT', 'FORWARD', 'OUTPUT', 'one', 'two', 'three'],
  [
    rules('FORWARD', 'FORWARD', [...ENDS, ...CALLS, ...CALLS, '-j REJECT', '-j MARK --set-xmark 0x1/0x1', ''], 6),
    rules('user', 'one', [...ENDS, '-j RETURN', '-j three', '-g three', '-g two', '-j two'], 4),
    rules('user', 'two', [...ENDS, '-j RETURN', '-j three', '-g three', '-j LOG --log-prefix "a b"'], 3),
    rules('user', 'three', [...ENDS, '-j RETURN'], 2),
  ],
  ['ACCEPT', 'DROP'],
);

const mangleTable = table(
  'mangle',
  ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING', 'one', 'two'],
  [
    rules('PREROUTING', 'PREROUTING', [...MARKS, ...MARKS, ...CALLS, '-j ACCEPT', '-j RETURN', '-j DROP'], 3),
    rules('FORWARD', 'FORWARD', [...MARKS, '-j ACCEPT', '-j one'], 2),
    rules('POSTROUTING', 'POSTROUTING', [...MARKS, '-j ACCEPT', '-j DROP'], 1),
    rules('user', 'one', [...MARKS, '-j RETURN', '-j ACCEPT'], 2),
    rules('user', 'two', [...MARKS, '-j RETURN', '-g one'], 2),
  ],
);

const rawTable = table(
  'raw',
  ['PREROUTING', 'OUTPUT'],
  [
    rules(
      'PREROUTING',
      'PREROUTING',
      ['-j NOTRACK', '-j CT --notrack', '-j ACCEPT', '-j DROP', '-j MARK --or-mark 0x4'],
      2,
    ),
  ],
);

const natTable = table(
  'nat',
  ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING', 'one'],
  [
    fc
      .nat(5)
      .chain((dice) =>
        rules(
          'PREROUTING',
          'PREROUTING',
          ['-j ACCEPT', '-j RETURN', '-j one', ...(dice === 0 ? NAT_TO : ['-j MARK --or-mark 0x1'])],
          2,
        ),
      ),
    rules('POSTROUTING', 'POSTROUTING', ['-j MASQUERADE', '-j ACCEPT', '-j RETURN', '-j SNAT --to-source 10.9.0.1'], 2),
    rules('user', 'one', ['-j RETURN', '-j MARK --or-mark 0x1', '-j ACCEPT'], 1),
  ],
);

/** A table with nothing in it, which empties what was there. */
function emptied(text: string): string {
  return text.replace(/^-A .*\n/gm, '').replace(/ DROP \[/g, ' ACCEPT [');
}

/** Tables are mostly empty, or nothing would come through to the last. */
function often(arbitrary: fc.Arbitrary<string>, ofTen: number): fc.Arbitrary<string> {
  return fc.tuple(arbitrary, fc.nat(9)).map(([text, dice]) => (dice < ofTen ? text : emptied(text)));
}

const tables = fc
  .tuple(often(rawTable, 2), often(mangleTable, 4), often(natTable, 3), often(filterTable, 7))
  .map((all) => all.join(''));

/** nft refuses a rule that looks into two protocols of one layer: at most one of each list. */
const NATIVE_NETWORK = [
  'ip saddr 10.9.0.2',
  'ip saddr { 10.9.0.0/24, 10.8.1.1-10.8.1.9 }',
  'ip daddr != 10.9.0.3',
  'ip daddr @hosts',
  'fib daddr type local',
  'meta nfproto ipv6',
  'ip6 saddr fd00::1',
];
const NATIVE_TRANSPORT = [
  'ip daddr . udp dport { 10.9.0.3 . 53, 10.8.2.2 . 80 }',
  'meta l4proto { tcp, icmp }',
  'udp dport { 53, 80-90 }',
  'tcp dport != { 80, 443 }',
  'meta l4proto udp th dport 8080',
  'icmp type echo-request',
  'tcp flags & (syn | ack) == syn',
];
const NATIVE_OTHER = [
  'ct state established,related',
  'ct state != new',
  'ct state { invalid, untracked }',
  'iifname "br0"',
  'oifname != "r*"',
  'iifname { "ra", "br0" }',
  'meta mark 0x1',
  'meta mark & 0x1 == 0x1',
  'meta mark & 0x6 != 0',
  'ct mark 0x0',
  'counter',
];

const nativeStatement = fc.constantFrom(
  'accept',
  'drop',
  'return',
  'jump one',
  'goto one',
  'jump two',
  'meta mark set 0x1',
  'meta mark set meta mark | 0x4 accept',
  'ct mark set meta mark',
  'meta mark set ct mark',
  'counter',
  'reject',
  'ct state vmap { new : jump two, established : accept, invalid : drop }',
  'udp dport vmap { 53 : accept, 80-90 : goto two, 8080 : drop }',
  'meta mark set 0x2 ip saddr 10.9.0.2 drop',
);

const maybe = (texts: readonly string[], freq: number) => fc.option(fc.constantFrom(...texts), { nil: '', freq });

const nativeRule = fc
  .tuple(maybe(NATIVE_NETWORK, 1), maybe(NATIVE_TRANSPORT, 1), maybe(NATIVE_OTHER, 3), nativeStatement)
  .map(([network, transport, other, statement]) => {
    const alien = /ip6|nfproto/.test(network) && (/icmp|ip daddr/.test(transport) || /ip saddr/.test(statement));
    const clash = transport !== '' && statement.includes('dport vmap');
    return [alien ? '' : network, clash ? '' : transport, other, statement].filter(Boolean).join(' ');
  });

function nativeRules(maxLength: number, without: RegExp): fc.Arbitrary<string> {
  return fc.array(nativeRule, { maxLength }).map((lines) =>
    lines
      .filter((line) => !without.test(line))
      .map((line) => `    ${line}\n`)
      .join(''),
  );
}

const nativeTable = fc
  .tuple(
    fc.constantFrom('ip', 'inet'),
    fc.constantFrom(-310, -150, -5, 0, 10),
    fc.constantFrom('accept', 'accept', 'drop'),
    nativeRules(4, /^$/),
    nativeRules(2, /(jump|goto) (one|two)/),
    nativeRules(3, /(jump|goto) one/),
    nativeRules(2, /jump|goto|reject|oifname/),
  )
  .map(([family, priority, policy, forward, two, one, prerouting]) =>
    `table ${family} native {
  set hosts { type ipv4_addr; flags interval; elements = { 10.9.0.3, 10.8.0.0/16 } }
  chain two {
${two}  }
  chain one {
${one}  }
  chain forward { type filter hook forward priority ${priority}; policy ${policy};
${forward}  }
  chain prerouting { type filter hook prerouting priority ${priority}; policy accept;
${prerouting}  }
}
`.replaceAll(family === 'ip' ? /.*(nfproto|ip6).*\n/g : /\0/g, ''),
  );

/** Every table, with nothing in it. */
export const NO_TABLES = emptied(
  ['raw', 'mangle', 'nat', 'filter']
    .map((name) => {
      const chains = {
        raw: ['PREROUTING', 'OUTPUT'],
        nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
        filter: ['INPUT', 'FORWARD', 'OUTPUT'],
      }[name] ?? ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'];
      return [`*${name}`, ...chains.map((chain) => `:${chain} ACCEPT [0:0]`), 'COMMIT', ''].join('\n');
    })
    .join(''),
);

/** One backend mostly; both, or native tables besides, in some. */
export const ruleSet: fc.Arbitrary<RuleSet> = fc
  .tuple(fc.nat(9), tables, tables, nativeTable)
  .map(([dice, one, two, native]) => ({
    legacy: dice < 4 || dice === 8 ? one : NO_TABLES,
    nft: (dice >= 4 && dice < 7) || dice === 8 ? two : '',
    native: dice === 7 || dice === 9 ? native : '',
  }));
