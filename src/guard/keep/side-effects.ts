import { canonicalKey, confOf, mayDecide } from '../../persistence/kernel-settings.ts';
import type { Demand } from '../demand.ts';

/**
 * Settings that change with another one. Writing ip_forward sets every interface's forwarding and turns
 * conf/all/accept_redirects the other way round (inet_forward_change, net/ipv4/devinet.c); an IPv4 conf/default reaches
 * interfaces without an address (devinet_copy_dflt_conf); some of IPv6's conf/all reach every interface (addrconf.c).
 */

const ALL_REDIRECTS = 'net/ipv4/conf/all/accept_redirects';
const IPV4_FORWARD = 'net/ipv4/ip_forward';

/** What the kernel may make of `other` when `value` is written to `written`; undefined: it leaves it alone. */
export function sweptValue(written: string, value: string, other: string): string | undefined {
  if (written === other) return undefined;
  if (canonicalKey(written) === IPV4_FORWARD && other === ALL_REDIRECTS) return value === '0' ? '1' : '0';
  return mayDecide(written, other) ? value : undefined;
}

/** In which order things are put right, so that no repair undoes the one before: what reaches furthest goes first. */
export function repairRank(demand: Demand): number {
  if (demand.kind === 'module') return 0;
  if (demand.kind === 'bridge-setting') return 5;
  if (canonicalKey(demand.key) === IPV4_FORWARD) return 1;
  const device = confOf(demand.key)?.device;
  return device === 'all' ? 2 : device === 'default' ? 3 : 4;
}
