import type { Address } from '../snapshot/addresses.ts';
import type { Link } from '../snapshot/links.ts';
import type { Neighbour } from '../snapshot/neighbours.ts';
import type { Route } from '../snapshot/routes.ts';
import type { RoutingRule } from '../snapshot/rules.ts';
import { contains } from './cidr.ts';
import { routesForOthers, sidesOf } from './sides.ts';

/** IPv4 packets that arrive on one interface while the route back to their sender leaves by another. */
export interface Asymmetry {
  readonly link: string;
  readonly returnsBy: string;
  readonly kind: 'shared-subnet' | 'neighbour-elsewhere' | 'two-links-to-one-peer';
  /** The network, address or peer that shows it. */
  readonly shownBy: string;
}

interface Wiring {
  readonly links: readonly Link[];
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
  readonly rules: readonly RoutingRule[];
}

function prefixLength(cidr: string): number {
  return Number(cidr.slice(cidr.lastIndexOf('/') + 1));
}

/** The interfaces the main table's best route to an address may use; empty when there is none. */
function routeBack(address: string, routes: readonly Route[]): readonly string[] {
  const usable = routes.filter(
    (route) =>
      route.type === 'unicast' &&
      (route.table === 'main' || route.table === '254') &&
      contains(route.destination, address),
  );
  const longest = Math.max(...usable.map((route) => prefixLength(route.destination)));
  const best = usable.filter((route) => prefixLength(route.destination) === longest);
  const metric = Math.min(...best.map((route) => route.metric));
  const [first] = best.filter((route) => route.metric === metric);
  return first ? first.nextHops.flatMap((hop) => (hop.link === undefined ? [] : [hop.link])) : [];
}

/** What the wiring itself shows, before any packet is counted. Policy routing makes it more than this can tell: then nothing is claimed. */
export function asymmetriesOf(wiring: Wiring): readonly Asymmetry[] {
  if (wiring.rules.some((rule) => rule.family === 'ipv4' && !['local', 'main', 'default'].includes(rule.table)))
    return [];
  const routed = routedLinks(wiring);
  return [
    ...sharedSubnets(wiring, routed),
    ...neighboursElsewhere(wiring, routed),
    ...twoLinksToOnePeer(wiring, routed),
  ];
}

/** Interfaces that IPv4 packets can arrive on to be routed. */
function routedLinks({ links }: Wiring): ReadonlyMap<string, Link> {
  const usable = links.filter(
    (link) => link.up && !link.loopback && link.master === undefined && link.kind !== 'dummy',
  );
  return new Map(usable.map((link) => [link.name, link]));
}

function sharedSubnets({ addresses, routes }: Wiring, routed: ReadonlyMap<string, Link>): Asymmetry[] {
  const here = addresses.filter((one) => one.family === 'ipv4' && routed.has(one.link) && one.prefixLength < 31);
  return here.flatMap((one): Asymmetry[] => {
    const network = `${one.address}/${one.prefixLength}`;
    const twin = here.find((other) => other.link !== one.link && contains(network, other.address));
    if (!twin) return [];
    const [back] = routeBack(twin.address, routes);
    if (back === undefined || back === one.link) return [];
    return [{ link: one.link, returnsBy: back, kind: 'shared-subnet', shownBy: network }];
  });
}

const GONE = new Set(['FAILED', 'INCOMPLETE', 'NOARP']);

function neighboursElsewhere({ neighbours, routes }: Wiring, routed: ReadonlyMap<string, Link>): Asymmetry[] {
  return neighbours.flatMap((one): Asymmetry[] => {
    if (one.family !== 'ipv4' || one.mac === undefined || !routed.has(one.link)) return [];
    if (one.states.some((state) => GONE.has(state))) return [];
    const back = routeBack(one.address, routes);
    const [other] = back;
    if (other === undefined || back.includes(one.link)) return [];
    return [{ link: one.link, returnsBy: other, kind: 'neighbour-elsewhere', shownBy: one.address }];
  });
}

/**
 * Two routed veths into the same namespace: what its machine sends by one may be routed back by the other. That is
 * shown where this host routes for others, or has a route to one address behind one of the two. A container on two
 * networks of its host has the same two veths, and each network keeps to its own.
 */
function twoLinksToOnePeer(wiring: Wiring, routed: ReadonlyMap<string, Link>): Asymmetry[] {
  const { links, addresses, routes } = wiring;
  const isRouter = routesForOthers(sidesOf('ipv4', links, addresses, routes));
  const leadsBehind = new Set(routes.filter(isHostRoute).flatMap(({ nextHops }) => nextHops.map((hop) => hop.link)));
  const addressed = [...routed.values()].filter((link) =>
    addresses.some((one) => one.link === link.name && one.family === 'ipv4' && one.prefixLength < 32),
  );
  return addressed.flatMap((link): Asymmetry[] => {
    const twin = addressed.find(
      (other) => other !== link && link.peerNamespace !== undefined && other.peerNamespace === link.peerNamespace,
    );
    if (!twin || !(isRouter || leadsBehind.has(twin.name))) return [];
    return [
      {
        link: link.name,
        returnsBy: twin.name,
        kind: 'two-links-to-one-peer',
        shownBy: `netnsid ${link.peerNamespace}`,
      },
    ];
  });
}

/** A route to a single address that is not on the link itself, but behind a machine there. */
function isHostRoute({ family, type, destination, nextHops }: Route): boolean {
  return (
    family === 'ipv4' &&
    type === 'unicast' &&
    prefixLength(destination) === 32 &&
    nextHops.some((hop) => hop.via !== undefined)
  );
}
