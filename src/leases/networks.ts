import ipaddr from 'ipaddr.js';
import { known, type Reading, unknown } from '../hosts/reading.ts';
import { type Fields, fieldsOf, jsonOf, objectIn, objectsIn, textIn } from '../snapshot/fields.ts';
import { parseAddress, parseBlock } from '../trace/address.ts';
import type { AddressRange, RangeSet } from './model.ts';

export const DEFAULT_DATA_DIR = '/var/lib/cni/networks';

/** A range as written; `subnet` may be Canal's word for "this node's Pod CIDR". */
export interface WrittenRange {
  readonly subnet: string;
  readonly rangeStart?: string;
  readonly rangeEnd?: string;
  readonly gateway?: string;
}

/** One use of host-local in a CNI configuration. */
export interface IpamConfig {
  readonly file: string;
  readonly network: string;
  readonly dataDir: string;
  readonly sets: readonly (readonly WrittenRange[])[];
}

/** This node's Pod CIDRs as flannel (Canal's too) keeps them in /run/flannel/subnet.env. */
export interface PodCidrs {
  readonly ipv4?: string;
  readonly ipv6?: string;
}

/** What calico replaces by Node.spec.podCIDRs (projectcalico/calico cni-plugin/internal/pkg/utils). */
const POD_CIDR = 'usePodCidr';
const POD_CIDR_V6 = 'usePodCidrIPv6';

/** Every use of host-local in one file. Throws, with the place, where the file is no CNI configuration. */
export function ipamConfigsFrom(file: string, text: string): readonly IpamConfig[] {
  return usesIn(fieldsOf(jsonOf(text), 'top level'), file, '');
}

/** multus carries the configurations it delegates to; a list's plugins share the list's name. */
function usesIn(config: Fields, file: string, outer: string): readonly IpamConfig[] {
  const network = textIn(config, 'name') ?? outer;
  const own = 'plugins' in config.object ? objectsIn(config, 'plugins') : [config];
  return own.flatMap((plugin) => [
    ...useOf(plugin, file, network),
    ...objectsIn(plugin, 'delegates').flatMap((delegate) => usesIn(delegate, file, network)),
  ]);
}

function useOf(plugin: Fields, file: string, network: string): readonly IpamConfig[] {
  const ipam = objectIn(plugin, 'ipam');
  const type = ipam && textIn(ipam, 'type');
  const flannel = textIn(plugin, 'type') === 'flannel';
  // flannel's delegate is given host-local with the node's subnets, unless its own ipam says otherwise.
  if (flannel ? type !== undefined && type !== 'host-local' : type !== 'host-local') return [];
  const dataDir = (ipam && textIn(ipam, 'dataDir')) || DEFAULT_DATA_DIR;
  const sets = flannel ? [[{ subnet: POD_CIDR }], [{ subnet: POD_CIDR_V6 }]] : ipam ? setsIn(ipam) : [];
  return [{ file, network, dataDir: dataDir.replace(/\/+$/, ''), sets }];
}

/** The old single range, then `ranges`, a list of sets (host-local's config.go puts the single one first). */
function setsIn(ipam: Fields): readonly (readonly WrittenRange[])[] {
  const single = textIn(ipam, 'subnet') === undefined ? [] : [[rangeIn(ipam)]];
  const ranges: readonly unknown[] = Array.isArray(ipam.object['ranges']) ? ipam.object['ranges'] : [];
  const sets = ranges.map((set, nth) => {
    const list: readonly unknown[] = Array.isArray(set) ? set : [];
    return list.map((range) => rangeIn(fieldsOf(range, `${ipam.at}, ranges ${nth + 1}`)));
  });
  return [...single, ...sets];
}

function rangeIn(range: Fields): WrittenRange {
  const written = { subnet: textIn(range, 'subnet') ?? '' };
  const more = (['rangeStart', 'rangeEnd', 'gateway'] as const).flatMap((name) => {
    const value = textIn(range, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...written, ...Object.fromEntries(more) };
}

/** FLANNEL_SUBNET=10.42.0.1/24 and FLANNEL_IPV6_SUBNET=…; several, of a node with several CIDRs, count by the first. */
export function podCidrsFrom(text: string): PodCidrs {
  const cidr = (name: string) => new RegExp(`^${name}=([0-9A-Fa-f.:]+/\\d+)`, 'm').exec(text)?.[1];
  const ipv4 = cidr('FLANNEL_SUBNET');
  const ipv6 = cidr('FLANNEL_IPV6_SUBNET');
  if (ipv4 === undefined && ipv6 === undefined) throw new Error('names no subnet');
  return { ...(ipv4 !== undefined && { ipv4 }), ...(ipv6 !== undefined && { ipv6 }) };
}

/** The range sets a configuration comes to on this node, numbered as host-local numbers them. */
export function rangeSetsOf({ sets, file }: IpamConfig, podCidrs: Reading<PodCidrs>): Reading<readonly RangeSet[]> {
  const found: (readonly AddressRange[])[] = [];
  for (const set of sets) {
    const ranges: AddressRange[] = [];
    for (const written of set) {
      const subnet = subnetOf(written.subnet, podCidrs);
      if (!subnet.known) return subnet;
      if (subnet.value === '') continue;
      const range = rangeOf({ ...written, subnet: subnet.value });
      if (!range) return unknown('failed', file, `${file}: no range host-local would take: ${written.subnet}`);
      ranges.push(range);
    }
    if (ranges.length > 0) found.push(ranges);
  }
  if (found.length === 0) return unknown('absent', file, `${file} names no range`);
  return known(
    found.map((ranges, nth) => ({ id: String(nth), ranges })),
    file,
  );
}

/** Empty for the Pod CIDR of a family the node has none of. */
function subnetOf(written: string, podCidrs: Reading<PodCidrs>): Reading<string> {
  if (written !== POD_CIDR && written !== POD_CIDR_V6) return known(written, 'ipam');
  if (!podCidrs.known) return podCidrs;
  const { ipv4 = '', ipv6 = '' } = podCidrs.value;
  return known(written === POD_CIDR ? ipv4 : ipv6, podCidrs.source);
}

/**
 * A range as host-local completes it (plugins/ipam/host-local/backend/allocator/range.go): from the address after the
 * network's to the one before the broadcast address (IPv6: to the last), the gateway being the first address. Networks
 * of fewer than four addresses are refused.
 */
function rangeOf({ subnet, rangeStart, rangeEnd, gateway }: WrittenRange): AddressRange | undefined {
  const block = parseBlock(subnet);
  if (!block) return undefined;
  const { width, network, mask } = block;
  const size = (1n << BigInt(width)) - mask;
  if (size < 4n) return undefined;
  const text = (value: bigint) => addressText(value, width);
  const last = network + size - (width === 32 ? 2n : 1n);
  const range = {
    first: rangeStart ?? text(network + 1n),
    last: rangeEnd ?? text(last),
    gateway: gateway ?? text(network + 1n),
  };
  const written = [range.first, range.last].map(parseAddress);
  return written.every((address) => address?.width === width) ? range : undefined;
}

function addressText(value: bigint, width: 32 | 128): string {
  const bytes = Array.from({ length: width / 8 }, (_, nth) => Number((value >> BigInt(width - 8 * (nth + 1))) & 255n));
  const address = ipaddr.fromByteArray(bytes);
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}
