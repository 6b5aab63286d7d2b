import { known, type Reading } from '../hosts/reading.ts';

/**
 * IPv4's and IPv6's answers as one list. Both must be known: half a list would look whole. The source names both
 * commands.
 */
export function both<T>(ipv4: Reading<readonly T[]>, ipv6: Reading<readonly T[]>): Reading<readonly T[]> {
  if (!ipv4.known) return ipv4;
  if (!ipv6.known) return ipv6;
  return known([...ipv4.value, ...ipv6.value], `${ipv4.source}; ${ipv6.source}`);
}
