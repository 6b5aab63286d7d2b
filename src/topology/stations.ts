import type { Snapshot } from '../snapshot/snapshot.ts';
import type { Stations } from './bridged-frames.ts';

type Sources = Pick<Snapshot, 'addresses' | 'neighbours' | 'routes' | 'kubernetes'>;

/**
 * Which networks are on a bridge, as far as the node can tell: its own addresses' networks and neighbours it has
 * learned there; and which are certainly behind something else. What cannot be read narrows nothing.
 */
export function stationsOf(bridge: string, parts: Sources): Stations {
  const addresses = parts.addresses.known ? parts.addresses.value : [];
  const neighbours = parts.neighbours.known ? parts.neighbours.value : [];
  const own = addresses
    .filter(
      (one) => one.link === bridge && one.scope === 'global' && one.prefixLength < (one.family === 'ipv4' ? 31 : 127),
    )
    .map((one) => `${one.address}/${one.prefixLength}`);
  const learned = neighbours
    .filter((one) => one.link === bridge && one.mac !== undefined && !one.address.startsWith('fe80:'))
    .map((one) => (one.family === 'ipv4' ? `${one.address}/24` : `${one.address}/64`));
  return { networks: own.length > 0 ? own : [...new Set(learned)], elsewhere: elsewhere(bridge, parts) };
}

function elsewhere(bridge: string, parts: Sources): readonly string[] {
  const routed = (parts.routes.known ? parts.routes.value : [])
    .filter((route) => !route.destination.endsWith('/0') && route.type !== 'broadcast' && route.type !== 'multicast')
    .filter((route) => route.nextHops.some((hop) => hop.link !== undefined && hop.link !== bridge))
    .map((route) => route.destination);
  const { podCidrs, serviceCidrs } = parts.kubernetes;
  return [...routed, ...(podCidrs.known ? podCidrs.value : []), ...(serviceCidrs.known ? serviceCidrs.value : [])];
}
