import { viewOf } from '../../../hosts/capture.ts';
import { localHost } from '../../../hosts/local.ts';
import { known, type Reading } from '../../../hosts/reading.ts';
import { type Address, addresses } from '../../../snapshot/addresses.ts';
import { type Link, links } from '../../../snapshot/links.ts';
import { type Listener, listeners } from '../../../snapshot/listeners.ts';

/** This machine's interfaces and sockets, by the same asks as `hayward doctor` has. */
export interface HostNetwork {
  readonly links: Reading<readonly Link[]>;
  readonly addresses: Reading<readonly Address[]>;
  readonly listeners: Reading<readonly Listener[]>;
}

/** At most so long: what has not answered by then is `failed`. */
const LIMIT_MS = 5_000;

export async function collectHostNetwork(signal: AbortSignal): Promise<HostNetwork> {
  const asks = [...links.asks, ...addresses.asks, ...listeners.asks];
  const view = viewOf(await localHost().collect(asks, { timeoutMs: LIMIT_MS, signal }));
  return { links: links.parse(view), addresses: addresses.parse(view), listeners: listeners.parse(view) };
}

/** An interface that has the management address, or is kube-vip's for it. */
export interface Carrier {
  readonly node: string;
  readonly interface: string;
  readonly mac: string;
  readonly up: boolean;
}

/** Operational states in which no frame leaves (linux/if.h); UNKNOWN is that of devices which tell none. */
const DARK = new Set(['DOWN', 'LOWERLAYERDOWN', 'NOTPRESENT', 'DORMANT']);

/**
 * The interfaces of this node on which the address is set; and kube-vip's macvlan for it where its address is by DHCP, also where it
 * has lost the address: it is known by the hardware address that annotation kube-vip.io/hwaddr names, since other Services may have
 * macvlans of kube-vip, too (kube-vip pkg/vip/dhcp). kube-proxy's kube-ipvs0, a dummy, has every Service's address and carries none. Up
 * is one that has the address, is switched on and has a carrier.
 */
export function carriersOf(
  node: string,
  { links: seen, addresses: set }: Pick<HostNetwork, 'links' | 'addresses'>,
  vip: { readonly address: string; readonly hwAddress: string },
): Reading<readonly Carrier[]> {
  if (!seen.known) return seen;
  if (!set.known) return set;
  const holding = new Set(set.value.filter(({ address }) => address === vip.address).map(({ link }) => link));
  const isKubeVips = ({ kind, mac }: Link): boolean =>
    kind === 'macvlan' && vip.hwAddress !== '' && mac.toLowerCase() === vip.hwAddress.toLowerCase();
  const carriers = seen.value
    .filter((link) => (holding.has(link.name) && link.kind !== 'dummy') || isKubeVips(link))
    .map((link) => ({
      node,
      interface: link.name,
      mac: link.mac,
      up: link.up && !DARK.has(link.state) && holding.has(link.name),
    }));
  return known(carriers, `ip -br address (${node})`);
}
