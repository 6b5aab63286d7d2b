import { known, type Reading } from '../hosts/reading.ts';
import type { Address } from '../snapshot/addresses.ts';
import type { Link } from '../snapshot/links.ts';
import type { Family } from '../snapshot/netfilter/ruleset.ts';
import type { Route } from '../snapshot/routes.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { portKind } from './bridges.ts';

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
  /** The namespace a veth leads to: equal for two sides of one and the same machine. */
  readonly peer?: number;
}

const TUNNELS = new Set(['vxlan', 'ipip', 'sit', 'gre', 'geneve', 'wireguard', 'ip6tnl', 'xfrm']);
/** Interfaces that carry nobody's traffic onward. */
const NO_SIDE = new Set(['dummy', 'ifb', 'nlmon']);

interface Bridges {
  /** Bridges with ports that are up. */
  readonly used: ReadonlySet<string>;
  /** Those of them that a port joins to a network beyond this host. */
  readonly uplinked: ReadonlySet<string>;
}

function bridgesIn(links: readonly Link[]): Bridges {
  const ports = links.filter((link) => link.master !== undefined && link.up);
  const masters = (some: readonly Link[]) => new Set(some.flatMap(({ master }) => master ?? []));
  return { used: masters(ports), uplinked: masters(ports.filter((link) => portKind(link) === 'uplink')) };
}

/** A bridge with an uplink is the outside's: the machines on it have their router there. */
function sideKind(link: Link, isDefault: boolean, { used, uplinked }: Bridges): Side['kind'] | undefined {
  if (link.loopback || !link.up || link.master !== undefined || NO_SIDE.has(link.kind)) return undefined;
  if (TUNNELS.has(link.kind)) return 'tunnel';
  if (link.kind === 'veth') return isDefault ? 'outer' : 'inner';
  if (link.kind === 'bridge') return used.has(link.name) && !uplinked.has(link.name) && !isDefault ? 'inner' : 'outer';
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
  const bridges = bridgesIn(links);
  const sides = links.flatMap((link): Side[] => {
    const here = routes.filter(
      (route) =>
        route.family === family && route.type === 'unicast' && route.nextHops.some((hop) => hop.link === link.name),
    );
    const isDefault = here.some((route) => route.destination.endsWith('/0'));
    const networks = here.map((route) => route.destination).filter((cidr) => !isDefaultOrLocal(cidr));
    const addressed = addresses.some(
      (one) => one.link === link.name && one.family === family && one.scope === 'global',
    );
    const kind = addressed || networks.length > 0 || isDefault ? sideKind(link, isDefault, bridges) : undefined;
    const peer = link.kind === 'veth' ? link.peerNamespace : undefined;
    return kind ? [{ link: link.name, kind, networks, isDefault, ...(peer !== undefined && { peer }) }] : [];
  });
  // A container's own interfaces are veths too: the default route tells which machine is its outside.
  const outside = new Set(sides.flatMap(({ isDefault, peer }) => (isDefault && peer !== undefined ? [peer] : [])));
  return sides.map((side) => (side.peer !== undefined && outside.has(side.peer) ? { ...side, kind: 'outer' } : side));
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
 * Does the host's own wiring show that it routes for others? Sides towards at least two machines, one of them inner:
 * two network cards alone do not make a router, nor do two interfaces of a container on one host.
 */
export function routesForOthers(sides: readonly Side[]): boolean {
  const machines = new Set(sides.map(({ peer, link }) => peer ?? link));
  return machines.size > 1 && sides.some((side) => side.kind === 'inner');
}

/** One Pod's or container's own interface: single addresses alone are routed there. A node may have hundreds. */
export function isOneGuests({ kind, networks }: Side): boolean {
  return kind === 'inner' && networks.length > 0 && networks.every((network) => /\/(32|128)$/.test(network));
}
