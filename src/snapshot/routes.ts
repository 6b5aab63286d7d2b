import { type Ask, sourceOf } from '../hosts/ask.ts';
import { mapReading, type Reading } from '../hosts/reading.ts';
import { both, IPV6_PRESENT } from './both-families.ts';
import { type Fields, ipObjects, numberIn, objectIn, objectsIn, textAt, textIn } from './fields.ts';
import { subject } from './subject.ts';

interface NextHop {
  readonly via?: string;
  readonly link?: string;
}

export interface Route {
  readonly family: 'ipv4' | 'ipv6';
  /** CIDR; a host route has /32 or /128, the default route is 0.0.0.0/0 or ::/0. */
  readonly destination: string;
  /** unicast, local, broadcast, multicast, blackhole, unreachable, prohibit, throw … */
  readonly type: string;
  /** main, local, default, or a number as text. */
  readonly table: string;
  /** kernel, boot, static, ra, dhcp, bird … */
  readonly protocol: string;
  readonly metric: number;
  readonly scope: string;
  readonly source?: string;
  /** More than one for a multipath route. */
  readonly nextHops: readonly NextHop[];
}

const ASKS = {
  ipv4: { kind: 'run', argv: ['ip', '-j', '-4', 'route', 'show', 'table', 'all'] },
  ipv6: { kind: 'run', argv: ['ip', '-j', '-6', 'route', 'show', 'table', 'all'], onlyIf: IPV6_PRESENT },
} as const satisfies Readonly<Record<Route['family'], Ask>>;

/** iproute2 leaves out what is its default: type unicast, table main, protocol boot, scope global, metric 0. */
function routeOf(family: Route['family'], entry: Fields): Route {
  const source = textIn(entry, 'prefsrc');
  return {
    family,
    destination: cidrOf(family, textAt(entry, 'dst')),
    type: textIn(entry, 'type') ?? 'unicast',
    table: textIn(entry, 'table') ?? 'main',
    protocol: textIn(entry, 'protocol') ?? 'boot',
    metric: numberIn(entry, 'metric') ?? 0,
    scope: textIn(entry, 'scope') ?? 'global',
    ...(source === undefined ? {} : { source }),
    nextHops: hopsOf(entry),
  };
}

function cidrOf(family: Route['family'], destination: string): string {
  if (destination === 'default') return family === 'ipv4' ? '0.0.0.0/0' : '::/0';
  if (destination.includes('/')) return destination;
  return `${destination}/${family === 'ipv4' ? 32 : 128}`;
}

function hopsOf(entry: Fields): NextHop[] {
  const several = objectsIn(entry, 'nexthops');
  return (several.length > 0 ? several : [entry]).flatMap((hop) => {
    // `via` is an object where the gateway is of the other family (RFC 5549).
    const other = objectIn(hop, 'via');
    const via = textIn(hop, 'gateway') ?? (other && textIn(other, 'host'));
    const link = textIn(hop, 'dev');
    if (via === undefined && link === undefined) return [];
    return [{ ...(via === undefined ? {} : { via }), ...(link === undefined ? {} : { link }) }];
  });
}

export const routes = subject<Reading<readonly Route[]>>({
  asks: Object.values(ASKS),
  parse: (view) => {
    const read = (family: Route['family']) =>
      mapReading(view.text(sourceOf(ASKS[family].argv)), (text) =>
        ipObjects(text).map((entry) => routeOf(family, entry)),
      );
    return both(read('ipv4'), read('ipv6'));
  },
});
