import { known, type Reading } from '../hosts/reading.ts';
import type { Address } from '../snapshot/addresses.ts';
import type { Link } from '../snapshot/links.ts';
import type { Family } from '../snapshot/netfilter/ruleset.ts';
import type { Route } from '../snapshot/routes.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

/**
 * A side of this host that packets can be routed to. `inner`: other machines or Pods live behind it on this very
 * host (a veth into a namespace, a bridge with ports, a VM's tap); `outer`: the rest of the world; `tunnel`: an
 * overlay to other nodes.
 */
export interface Side {
  readonly link: string;
  readonly kind: 'inner' | 'outer' | 'tunnel';
  /** Networks routed there, other than the default route. */
  readonly networks: readonly string[];
  /** The default route leaves here. */
  readonly isDefault: boolean;
}

const TUNNELS = new Set(['vxlan', 'ipip', 'sit', 'gre', 'geneve', 'wireguard', 'ip6tnl', 'xfrm']);
/** Interfaces that carry nobody's traffic onward. */
const NO_SIDE = new Set(['dummy', 'ifb', 'nlmon']);

function sideKind(link: Link, isDefault: boolean, ports: ReadonlySet<string>): Side['kind'] | undefined {
  if (link.loopback || !link.up || link.master !== undefined || NO_SIDE.has(link.kind)) return undefined;
  if (TUNNELS.has(link.kind)) return 'tunnel';
  // A container's own eth0 is a veth too: the default route tells the outside.
  if (link.kind === 'veth') return isDefault ? 'outer' : 'inner';
  if (link.kind === 'bridge') return ports.has(link.name) && !isDefault ? 'inner' : 'outer';
  if (link.kind === 'tun') return link.tun?.type === 'tap' ? 'inner' : 'outer';
  return 'outer';
}

/** The sides of a host for one family: interfaces that are up, belong to no bridge or bond, and have something routed to them. */
export function sidesOf(
  family: Family,
  links: readonly Link[],
  addresses: readonly Address[],
  routes: readonly Route[],
): readonly Side[] {
  const ports = new Set(links.flatMap((link) => (link.master === undefined || !link.up ? [] : [link.master])));
  return links.flatMap((link) => {
    const here = routes.filter(
      (route) =>
        route.family === family && route.type === 'unicast' && route.nextHops.some((hop) => hop.link === link.name),
    );
    const isDefault = here.some((route) => route.destination.endsWith('/0'));
    const networks = here.map((route) => route.destination).filter((cidr) => !isDefaultOrLocal(cidr));
    const addressed = addresses.some(
      (one) => one.link === link.name && one.family === family && one.scope === 'global',
    );
    const kind = addressed || networks.length > 0 || isDefault ? sideKind(link, isDefault, ports) : undefined;
    return kind ? [{ link: link.name, kind, networks, isDefault }] : [];
  });
}

/** The same over a snapshot: unknown where links, addresses or routes are. */
export function readSides(
  family: Family,
  { links, addresses, routes }: Pick<Snapshot, 'links' | 'addresses' | 'routes'>,
): Reading<readonly Side[]> {
  if (!links.known) return links;
  if (!addresses.known) return addresses;
  if (!routes.known) return routes;
  return known(sidesOf(family, links.value, addresses.value, routes.value), routes.source);
}

function isDefaultOrLocal(cidr: string): boolean {
  return cidr.endsWith('/0') || cidr.toLowerCase().startsWith('fe80:') || cidr.startsWith('ff');
}

/**
 * Does the host's own wiring show that it routes for others? At least two sides, one of them inner: two network
 * cards alone do not make a router.
 */
export function routesForOthers(sides: readonly Side[]): boolean {
  return sides.length > 1 && sides.some((side) => side.kind === 'inner');
}
