import type { IpSet } from '../snapshot/netfilter/ipsets.ts';
import { parseAddress, parseBlock, prefixMask } from './address.ts';
import { protocolNumber } from './protocols.ts';
import type { Sight } from './sight.ts';
import type { PacketState } from './state.ts';
import { some, type Tri, tri } from './tri.ts';

type Direction = 'src' | 'dst';
type Dimension = 'ip' | 'net' | 'port';

/** Entries whose address parts have the same prefix lengths, by what is left of an address under each. */
interface Group {
  readonly masks: readonly bigint[];
  readonly members: Set<string>;
  readonly exceptions: Set<string>;
}

interface Compiled {
  readonly dimensions: readonly Dimension[];
  /** Longest prefixes first: the most specific entry decides, `nomatch` or not. */
  readonly groups: readonly Group[];
  /** Numbers (or names) of the protocols that entries with a port name. */
  readonly protocols: ReadonlySet<string>;
}

const compiledSets = new WeakMap<IpSet, Compiled | 'unmodelled'>();

/**
 * Whether a packet is in a set (`-m set --match-set`): types of the parts ip, net and port, and lists of such sets.
 * Sets by device, mark or MAC address are not modelled.
 */
export function inSet(name: string, directions: readonly Direction[], sight: Sight, state: PacketState): Tri {
  const set = sight.context.ipsets?.get(name);
  if (!set) return 'maybe';
  if (set.type === 'list:set') return some(set.entries, (entry) => inMember(entry, name, directions, sight, state));
  if (set.type !== 'bitmap:port' && set.family !== sight.packet.family) return 'no';
  let compiled = compiledSets.get(set);
  if (!compiled) {
    compiled = compile(set) ?? 'unmodelled';
    compiledSets.set(set, compiled);
  }
  return compiled === 'unmodelled' ? 'maybe' : lookUp(compiled, directions, sight, state);
}

/** Lists cannot hold lists (net/netfilter/ipset/ip_set_list_set.c). */
function inMember(
  entry: string,
  list: string,
  directions: readonly Direction[],
  sight: Sight,
  state: PacketState,
): Tri {
  const member = entry.split(' ')[0] ?? '';
  if (member === list || sight.context.ipsets?.get(member)?.type === 'list:set') return 'maybe';
  return inSet(member, directions, sight, state);
}

function compile(set: IpSet): Compiled | undefined {
  const dimensions = (set.type.split(':')[1] ?? '').split(',');
  if (!/^(hash|bitmap):/.test(set.type) || !dimensions.every(isDimension)) return undefined;
  const groups = new Map<string, Group>();
  const protocols = new Set<string>();
  for (const entry of set.entries) {
    if (!addEntry(groups, entry, dimensions, set)) return undefined;
    const port = entry.split(' ')[0]?.split(',')[dimensions.indexOf('port')];
    if (port !== undefined) protocols.add(portKey(port).split(':')[0] ?? '');
  }
  const ordered = [...groups.values()].sort((a, b) => total(b) - total(a));
  const exceptional = ordered.some(({ exceptions }) => exceptions.size > 0);
  if (exceptional && dimensions.filter((dimension) => dimension === 'net').length > 1) return undefined;
  return { dimensions, groups: ordered, protocols };
}

function isDimension(text: string): text is Dimension {
  return text === 'ip' || text === 'net' || text === 'port';
}

function total({ masks }: Group): number {
  return masks.reduce((sum, mask) => sum + mask.toString(2).replaceAll('0', '').length, 0);
}

function addEntry(groups: Map<string, Group>, entry: string, dimensions: readonly Dimension[], set: IpSet): boolean {
  const [value = '', ...options] = entry.split(' ');
  const parts = value.split(',');
  if (parts.length !== dimensions.length) return false;
  const masks: bigint[] = [];
  const keys: string[] = [];
  for (const [index, dimension] of dimensions.entries()) {
    const part = parts[index] ?? '';
    if (dimension === 'port') keys.push(portKey(part));
    else {
      const block = parseBlock(part);
      if (!block) return false;
      const mask = set.netmask === undefined ? block.mask : block.mask & prefixMask(set.netmask, block.width);
      masks.push(mask);
      keys.push((block.network & mask).toString(16));
    }
  }
  const key = masks.join(' ');
  const group = groups.get(key) ?? { masks, members: new Set(), exceptions: new Set() };
  groups.set(key, group);
  (options.includes('nomatch') ? group.exceptions : group.members).add(keys.join(','));
  return true;
}

/** `tcp:443` by the protocol's number; `443`, as bitmap:port prints it, for any protocol that has ports. */
function portKey(text: string): string {
  const [protocol = '', port] = text.split(':');
  return port === undefined ? `*:${text}` : `${protocolNumber(protocol) ?? protocol}:${port}`;
}

const WITH_PORTS: ReadonlySet<number> = new Set([6, 17, 132, 136]);

function lookUp(set: Compiled, directions: readonly Direction[], sight: Sight, state: PacketState): Tri {
  if (directions.length < set.dimensions.length) return 'no';
  const protocol = protocolNumber(sight.packet.protocol);
  if (protocol !== undefined && lacksProtocol(set, protocol)) return 'no';
  const values = set.dimensions.map((dimension, index) => {
    const side = directions[index] ?? 'src';
    return dimension === 'port' ? portOf(side, protocol, set, state) : addressOf(side, state);
  });
  if (!values.every((value) => value !== undefined)) return set.groups.length === 0 ? 'no' : 'maybe';
  return lookUpIn(set, values);
}

function lookUpIn(set: Compiled, values: readonly (bigint | string)[]): Tri {
  for (const { masks, members, exceptions } of set.groups) {
    const key = keyUnder(values, masks);
    if (exceptions.has(key)) return 'no';
    if (members.has(key)) return 'yes';
  }
  return tri(false);
}

/** No entry is about this protocol; bitmap:port, whose entries name none, holds TCP and UDP ports only. */
function lacksProtocol({ dimensions, protocols }: Compiled, protocol: number): boolean {
  if (!dimensions.includes('port')) return false;
  return dimensions.length === 1 ? protocol !== 6 && protocol !== 17 : !protocols.has(String(protocol));
}

function keyUnder(values: readonly (bigint | string)[], masks: readonly bigint[]): string {
  let next = 0;
  return values
    .map((value) => (typeof value === 'string' ? value : (value & (masks[next++] ?? 0n)).toString(16)))
    .join(',');
}

function addressOf(side: Direction, state: PacketState): bigint | undefined {
  const text = side === 'src' ? state.source : state.destination;
  return text === undefined ? undefined : parseAddress(text)?.value;
}

function portOf(
  side: Direction,
  protocol: number | undefined,
  { dimensions }: Compiled,
  state: PacketState,
): string | undefined {
  const port = side === 'src' ? state.sourcePort : state.destinationPort;
  if (port === undefined || protocol === undefined || !WITH_PORTS.has(protocol)) return undefined;
  return dimensions.length === 1 ? `*:${port}` : `${protocol}:${port}`;
}
