import { parseMark } from './marks.ts';
import { parsePorts } from './ports.ts';
import type { Match } from './ruleset.ts';
import { type Option, textOf } from './words.ts';

/** Reads one option of a match; undefined when its value is not understood. */
type Reader = (option: Option) => Match | undefined;

function one({ values }: Option): string | undefined {
  return values.length === 1 ? values[0] : undefined;
}

function cidr(kind: 'source' | 'destination'): Reader {
  return (option) => {
    const text = one(option);
    return text === undefined ? undefined : { kind, not: option.not, cidr: text };
  };
}

function link(kind: 'in' | 'out' | 'physdev-in' | 'physdev-out'): Reader {
  return (option) => {
    const name = one(option);
    return name === undefined ? undefined : { kind, not: option.not, link: name };
  };
}

function flag(kind: 'physdev-is-in' | 'physdev-is-out' | 'physdev-is-bridged' | 'fragment'): Reader {
  return ({ not, values }) => (values.length === 0 ? { kind, not } : undefined);
}

function ports(kind: 'source-port' | 'destination-port' | 'either-port'): Reader {
  return (option) => {
    const ranges = parsePorts(one(option));
    return ranges && { kind, not: option.not, ports: ranges };
  };
}

function mark(kind: 'mark' | 'connmark'): Reader {
  return (option) => {
    const masked = parseMark(one(option));
    return masked && { kind, not: option.not, ...masked };
  };
}

function range(kind: 'source-range' | 'destination-range'): Reader {
  return (option) => {
    const [from, to, more] = (one(option) ?? '').split('-');
    if (!from || more !== undefined) return undefined;
    return { kind, not: option.not, from, to: to ?? from };
  };
}

function addressType(side: 'source' | 'destination'): Reader {
  return (option) => {
    const type = one(option);
    return type === undefined ? undefined : { kind: 'address-type', not: option.not, side, type };
  };
}

const states: Reader = (option) => {
  const text = one(option);
  return text === undefined ? undefined : { kind: 'ct-state', not: option.not, states: text.split(',') };
};

const icmpType: Reader = (option) => {
  const type = one(option);
  return type === undefined ? undefined : { kind: 'icmp-type', not: option.not, type };
};

const ALL_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];

function flagList(text: string): readonly string[] {
  if (text === 'NONE') return [];
  return text === 'ALL' ? ALL_FLAGS : text.split(',');
}

const tcpFlags: Reader = ({ not, values: [mask, set, more] }) => {
  if (mask === undefined || set === undefined || more !== undefined) return undefined;
  return { kind: 'tcp-flags', not, mask: flagList(mask), set: flagList(set) };
};

const syn: Reader = ({ not }) => ({ kind: 'tcp-flags', not, mask: ['FIN', 'SYN', 'RST', 'ACK'], set: ['SYN'] });

const matchSet: Reader = ({ not, values: [set, directions, more] }) => {
  const sides = (directions ?? '').split(',');
  if (set === undefined || more !== undefined || !sides.every((side) => side === 'src' || side === 'dst')) {
    return undefined;
  }
  return { kind: 'set', not, set, directions: sides as readonly ('src' | 'dst')[] };
};

const protocol: Reader = (option) => {
  const name = one(option);
  return name === undefined ? undefined : { kind: 'protocol', not: option.not, protocol: name };
};

const macSource: Reader = (option) => {
  const mac = one(option);
  return mac === undefined ? undefined : { kind: 'mac-source', not: option.not, mac: mac.toLowerCase() };
};

const always: Reader = () => ({ kind: 'always' });

const COMMON: Readonly<Record<string, Reader>> = {
  '-s': cidr('source'),
  '-d': cidr('destination'),
  '-p': protocol,
  '-i': link('in'),
  '-o': link('out'),
  '-f': flag('fragment'),
};

const PORTS: Readonly<Record<string, Reader>> = {
  '--sport': ports('source-port'),
  '--dport': ports('destination-port'),
};

/** The options of each match that are modelled. A match with no entry here is not modelled. */
const MODULES: Readonly<Record<string, Readonly<Record<string, Reader>>>> = {
  tcp: { ...PORTS, '--tcp-flags': tcpFlags, '--syn': syn },
  udp: PORTS,
  udplite: PORTS,
  sctp: PORTS,
  dccp: PORTS,
  multiport: {
    '--sports': ports('source-port'),
    '--dports': ports('destination-port'),
    '--ports': ports('either-port'),
  },
  icmp: { '--icmp-type': icmpType },
  icmp6: { '--icmpv6-type': icmpType },
  conntrack: { '--ctstate': states },
  state: { '--state': states },
  mark: { '--mark': mark('mark') },
  connmark: { '--mark': mark('connmark') },
  comment: { '--comment': always },
  addrtype: { '--src-type': addressType('source'), '--dst-type': addressType('destination') },
  set: { '--match-set': matchSet, '--update-counters': always, '--update-subcounters': always },
  physdev: {
    '--physdev-in': link('physdev-in'),
    '--physdev-out': link('physdev-out'),
    '--physdev-is-in': flag('physdev-is-in'),
    '--physdev-is-out': flag('physdev-is-out'),
    '--physdev-is-bridged': flag('physdev-is-bridged'),
  },
  iprange: { '--src-range': range('source-range'), '--dst-range': range('destination-range') },
  mac: { '--mac-source': macSource },
};

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function readerOf(module: string, option: string): Reader | undefined {
  return own(COMMON, option) ?? own(own(MODULES, module) ?? {}, option);
}

/**
 * The matches of a rule. Options that are not modelled are gathered by the match they belong to into one `unmodelled`
 * each, so that nothing a rule demands is lost.
 */
export function matchesFrom(options: readonly Option[]): readonly Match[] {
  const matches: Match[] = [];
  let module = '';
  let leftover: string[] = [];
  const close = () => {
    if (leftover.length > 0) matches.push({ kind: 'unmodelled', text: leftover.join(' ') });
    leftover = [];
  };
  for (const option of options) {
    if (option.name === '-m') {
      close();
      module = option.values[0] ?? '';
      if (!own(MODULES, module)) leftover = [textOf(option)];
      continue;
    }
    const match = readerOf(module, option.name)?.(option);
    if (match) matches.push(match);
    else leftover = [...(leftover.length > 0 || module === '' ? leftover : [`-m ${module}`]), textOf(option)];
  }
  close();
  return matches;
}
