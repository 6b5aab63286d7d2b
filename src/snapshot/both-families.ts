import { known, type Reading } from '../hosts/reading.ts';

/** A kernel started with ipv6.disable=1 has no such file, and refuses `ip -6` with an error: asked only where it is. */
export const IPV6_PRESENT = '/proc/net/if_inet6';

/**
 * IPv4's and IPv6's answers as one list, the source naming both commands. Both must be known, for half a list would
 * look whole; only a kernel without IPv6, of which nothing was asked, has an empty half.
 */
export function both<T>(ipv4: Reading<readonly T[]>, ipv6: Reading<readonly T[]>): Reading<readonly T[]> {
  if (!ipv4.known) return ipv4;
  if (ipv6.known) return known([...ipv4.value, ...ipv6.value], `${ipv4.source}; ${ipv6.source}`);
  return ipv6.reason === 'absent' ? ipv4 : ipv6;
}
