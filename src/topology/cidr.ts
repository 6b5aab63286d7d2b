import ipaddr from 'ipaddr.js';
import type { Family } from '../snapshot/netfilter/ruleset.ts';

/** Parses CIDR or a bare address (a host route); undefined for anything else. */
function parse(cidr: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | undefined {
  const text = cidr.includes('/') ? cidr : `${cidr}/${cidr.includes(':') ? 128 : 32}`;
  return ipaddr.isValidCIDR(text) ? ipaddr.parseCIDR(text) : undefined;
}

/** By its colons; nothing is said of whether it is an address. */
export function familyOf(address: string): Family {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

/** Is the inner network or address wholly inside the outer network? False across families and for nonsense. */
export function contains(outer: string, inner: string): boolean {
  const big = parse(outer);
  const small = parse(inner);
  if (!big || !small || big[0].kind() !== small[0].kind() || small[1] < big[1]) return false;
  return small[0].match(big[0] as never, big[1]);
}

/** Is it an IPv4 network's own address, or its broadcast one? A network of one or two addresses has neither (RFC 3021). */
export function isEdge(network: string, address: string): boolean {
  const parsed = parse(network);
  if (parsed?.[0].kind() !== 'ipv4' || parsed[1] > 30) return false;
  const edges = [ipaddr.IPv4.networkAddressFromCIDR(network), ipaddr.IPv4.broadcastAddressFromCIDR(network)];
  return edges.some((edge) => edge.toString() === address);
}

/**
 * Two different host addresses of a network, counted from its end so that gateways, which tend to be first, are
 * missed; undefined when the network has fewer than four addresses.
 */
export function twoHosts(cidr: string): readonly [string, string] | undefined {
  const network = parse(cidr);
  if (!network) return undefined;
  const [address, length] = network;
  const bytes = address.toByteArray();
  if (bytes.length * 8 - length < 2) return undefined;
  return [hostAt(bytes, length, 1), hostAt(bytes, length, 2)];
}

/** The address whose host bits are all ones, less `back`. */
function hostAt(network: readonly number[], length: number, back: number): string {
  const bytes = network.map((byte, index) => {
    const fixed = Math.max(0, Math.min(8, length - index * 8));
    return byte | (0xff >> fixed);
  });
  const last = bytes.length - 1;
  bytes[last] = (bytes[last] ?? 0) - back;
  return ipaddr.fromByteArray(bytes).toString();
}
