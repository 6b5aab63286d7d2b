import { ALL_BITS } from './marks.ts';
import { type Fields, isFields } from './nft-expression.ts';
import type { Family, Match } from './ruleset.ts';

/** What stands left of an nft comparison: what its mere presence demands, and how one value is compared with it. */
export interface Field {
  readonly implied: readonly Match[];
  /** Undefined when the value is not understood. */
  readonly compare: (value: unknown) => Match | undefined;
}

/** No packet matches. */
const NEVER: Match = { kind: 'any', not: false, of: [] };
const ALWAYS: Match = { kind: 'always' };

const WITH_PORTS: ReadonlySet<string> = new Set(['tcp', 'udp', 'udplite', 'sctp', 'dccp']);

/** Undefined when the expression is not modelled. */
export function fieldOf(left: unknown, family: Family): Field | undefined {
  if (!isFields(left)) return undefined;
  const { payload, meta, ct, fib } = left;
  if (isFields(payload)) return payloadField(payload, family);
  if (isFields(meta)) return metaField(String(meta['key']), family);
  if (isFields(ct)) return ctField(ct);
  return isFields(fib) ? fibField(fib) : undefined;
}

function payloadField(payload: Fields, family: Family): Field | undefined {
  const protocol = String(payload['protocol']);
  const field = String(payload['field']);
  if (protocol === 'ip' || protocol === 'ip6') return networkField(protocol, field, family);
  if (protocol === 'th') return portField(field, []);
  if (WITH_PORTS.has(protocol)) {
    return portField(field, [{ kind: 'protocol', not: false, protocol }]);
  }
  if (protocol === 'icmp' || protocol === 'icmpv6') {
    const implied: Match[] = [{ kind: 'protocol', not: false, protocol }];
    return field === 'type' ? { implied, compare: icmpType } : { implied, compare: () => undefined };
  }
  if (protocol === 'ether' && field === 'saddr') {
    return {
      implied: [],
      compare: (value) =>
        typeof value === 'string' ? { kind: 'mac-source', not: false, mac: value.toLowerCase() } : undefined,
    };
  }
  return undefined;
}

function networkField(protocol: 'ip' | 'ip6', field: string, family: Family): Field {
  const implied = (protocol === 'ip') === (family === 'ipv4') ? [] : [NEVER];
  if (field === 'saddr') return { implied, compare: (value) => addressMatch('source', value) };
  if (field === 'daddr') return { implied, compare: (value) => addressMatch('destination', value) };
  if (field === 'protocol' || field === 'nexthdr') return { implied, compare: protocolMatch };
  return { implied, compare: () => undefined };
}

function portField(field: string, implied: readonly Match[]): Field {
  if (field !== 'sport' && field !== 'dport') return { implied, compare: () => undefined };
  const kind = field === 'sport' ? 'source-port' : 'destination-port';
  return {
    implied,
    compare(value) {
      const [from, to] = isFields(value) && Array.isArray(value['range']) ? value['range'] : [value, value];
      if (typeof from !== 'number' || typeof to !== 'number') return undefined;
      return { kind, not: false, ports: [{ from, to }] };
    },
  };
}

function addressMatch(kind: 'source' | 'destination', value: unknown): Match | undefined {
  if (typeof value === 'string') return { kind, not: false, cidr: value };
  if (!isFields(value)) return undefined;
  const { prefix, range } = value;
  if (isFields(prefix)) return { kind, not: false, cidr: `${prefix['addr']}/${prefix['len']}` };
  if (!Array.isArray(range) || range.length !== 2) return undefined;
  return { kind: `${kind}-range`, not: false, from: String(range[0]), to: String(range[1]) };
}

function protocolMatch(value: unknown): Match | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  return { kind: 'protocol', not: false, protocol: String(value) };
}

function icmpType(value: unknown): Match | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  return { kind: 'icmp-type', not: false, type: String(value) };
}

function metaField(key: string, family: Family): Field | undefined {
  switch (key) {
    case 'iifname':
    case 'iif':
      return { implied: [], compare: (value) => linkMatch('in', value) };
    case 'oifname':
    case 'oif':
      return { implied: [], compare: (value) => linkMatch('out', value) };
    case 'l4proto':
      return { implied: [], compare: protocolMatch };
    case 'nfproto':
      return { implied: [], compare: (value) => (value === family ? ALWAYS : NEVER) };
    case 'protocol':
      return { implied: [], compare: (value) => (value === (family === 'ipv4' ? 'ip' : 'ip6') ? ALWAYS : NEVER) };
    case 'mark':
      return { implied: [], compare: (value) => markMatch('mark', value) };
    default:
      return undefined;
  }
}

/** nft's wildcard is a trailing `*`; a name that really ends in `+` cannot be told in iptables' terms. */
function linkMatch(kind: 'in' | 'out', value: unknown): Match | undefined {
  if (typeof value !== 'string' || value.endsWith('+')) return undefined;
  return { kind, not: false, link: value.endsWith('*') ? `${value.slice(0, -1)}+` : value };
}

function markMatch(kind: 'mark' | 'connmark', value: unknown): Match | undefined {
  return typeof value === 'number' ? { kind, not: false, value, mask: ALL_BITS } : undefined;
}

const CT_STATUS: Readonly<Record<string, string>> = { snat: 'SNAT', dnat: 'DNAT' };

function ctField(ct: Fields): Field | undefined {
  if (ct['dir'] !== undefined) return undefined;
  switch (ct['key']) {
    case 'state':
      return {
        implied: [],
        compare: (value) =>
          typeof value === 'string' ? { kind: 'ct-state', not: false, states: [value.toUpperCase()] } : undefined,
      };
    case 'status':
      return {
        implied: [],
        compare(value) {
          const state = typeof value === 'string' ? CT_STATUS[value] : undefined;
          return state === undefined ? undefined : { kind: 'ct-state', not: false, states: [state] };
        },
      };
    case 'mark':
      return { implied: [], compare: (value) => markMatch('connmark', value) };
    default:
      return undefined;
  }
}

function fibField(fib: Fields): Field | undefined {
  const flags = Array.isArray(fib['flags']) ? fib['flags'] : [fib['flags']];
  if (fib['result'] !== 'type' || flags.length !== 1) return undefined;
  const side = flags[0] === 'saddr' ? 'source' : flags[0] === 'daddr' ? 'destination' : undefined;
  if (!side) return undefined;
  return {
    implied: [],
    compare: (value) =>
      typeof value === 'string' ? { kind: 'address-type', not: false, side, type: value.toUpperCase() } : undefined,
  };
}
