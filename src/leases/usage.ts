import { type Address, ipv4Number, parseAddress } from '../trace/address.ts';
import type { AddressRange, Lease, LeaseNetwork, LeaseVerdict, RangeSet } from './model.ts';

/** How full one range set is. An attachment takes one address of each set: the fullest decides. */
export interface SetUsage {
  readonly id: string;
  /** `10.52.0.1-10.52.0.254`, as host-local's error prints it. */
  readonly ranges: readonly string[];
  /** Addresses host-local can hand out: the gateway's never. A /24 has 253. Beyond 2^53 rounded. */
  readonly capacity: number;
  readonly used: number;
  readonly leaked: number;
  readonly free: number;
}

interface Bounds {
  readonly first: bigint;
  readonly last: bigint;
  readonly gateway: bigint | undefined;
  readonly width: Address['width'];
}

/** The range as host-local prints it. */
export function rangeText({ first, last }: AddressRange): string {
  return `${first}-${last}`;
}

function boundsOf({ first, last, gateway }: AddressRange): Bounds | undefined {
  const from = parseAddress(first);
  const to = parseAddress(last);
  if (!from || to?.width !== from.width || to.value < from.value) return undefined;
  const own = parseAddress(gateway);
  return { first: from.value, last: to.value, width: from.width, gateway: own?.value };
}

function holds({ first, last, width }: Bounds, address: Address): boolean {
  return address.width === width && address.value >= first && address.value <= last;
}

/** Finds the range set an address lies in, by its id; undefined for an address of none. */
export function rangeFinder(sets: readonly RangeSet[]): (ip: string) => string | undefined {
  const bounds = sets.flatMap(({ id, ranges }) => ranges.flatMap((range) => ({ id, range: boundsOf(range) })));
  const all = bounds.flatMap(({ id, range }) => (range ? { id, range } : []));
  // A node holds tens of thousands of IPv4 leases: numbers instead of BigInts.
  const short = all
    .filter(({ range }) => range.width === 32)
    .map(({ id, range }) => ({ id, first: Number(range.first), last: Number(range.last) }));
  return (ip) => {
    const number = ipv4Number(ip);
    if (number !== undefined) return short.find(({ first, last }) => number >= first && number <= last)?.id;
    const address = parseAddress(ip);
    return address && all.find(({ range }) => holds(range, address))?.id;
  };
}

function capacityOf(ranges: readonly Bounds[]): number {
  const sizes = ranges.map(({ first, last, gateway }) => {
    const skipped = gateway !== undefined && gateway >= first && gateway <= last ? 1n : 0n;
    return last - first + 1n - skipped;
  });
  return Number(sizes.reduce((sum, size) => sum + size, 0n));
}

/** How full each range set of a network is, fullest first; empty where its ranges are not known. */
export function usageOf(network: LeaseNetwork, verdicts: readonly LeaseVerdict[]): readonly SetUsage[] {
  if (!network.ranges.known) return [];
  const sets = network.ranges.value.map(({ id, ranges }) => {
    return { id, ranges, gateways: new Set(ranges.map(({ gateway }) => gateway)), used: 0, leaked: 0 };
  });
  const byId = new Map(sets.map((set) => [set.id, set]));
  for (const { lease, state } of verdicts) {
    const set = lease.rangeId === undefined ? undefined : byId.get(lease.rangeId);
    // A file named like the gateway takes nothing away: host-local would not hand that address out anyway.
    if (!set || !isOf(lease, network) || set.gateways.has(lease.ip)) continue;
    set.used += 1;
    if (state === 'leaked') set.leaked += 1;
  }
  return sets
    .map(({ id, ranges, used, leaked }): SetUsage => {
      const capacity = capacityOf(ranges.flatMap((range) => boundsOf(range) ?? []));
      return { id, ranges: ranges.map(rangeText), capacity, used, leaked, free: Math.max(0, capacity - used) };
    })
    .sort((a, b) => a.free - b.free);
}

export function isOf(lease: Lease, network: LeaseNetwork): boolean {
  return lease.network === network.name && lease.dataDir === network.dataDir;
}
