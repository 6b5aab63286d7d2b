import type { Ruleset } from '../snapshot/netfilter/ruleset.ts';
import { routedVerdict } from '../trace/bridge.ts';
import type { DecidedBy } from '../trace/packet.ts';
import type { TraceContext } from '../trace/sight.ts';
import { twoHosts } from './cidr.ts';
import type { Side } from './sides.ts';

/** A connection's first packet from one side of this host to another, and what the filter does to it. */
export interface RoutedFlow {
  readonly from: string;
  readonly to: string;
  readonly verdict: 'pass' | 'drop' | 'unknown';
  readonly decidedBy?: DecidedBy;
  /** Why it cannot be told. */
  readonly hangsOn?: { readonly rule: DecidedBy; readonly why: string };
}

/** Sides of one kind that are tried; Pods of one CNI are treated alike by everything but network policies. */
const PER_KIND = 4;
const STRANGER = '198.18.77.77';

function stationOn(side: Side): string {
  const [network] = side.networks;
  if (network === undefined) return STRANGER;
  return twoHosts(network)?.[0] ?? network.replace(/\/.*/, '');
}

function few(sides: readonly Side[], kind: Side['kind']): readonly Side[] {
  return sides.filter((side) => side.kind === kind).slice(0, PER_KIND);
}

/**
 * The flows a host that routes for others is there for: from what lives on it to the outside and to other nodes,
 * and from other nodes to it. Where there is no default route, from every inner side to every other side. What the
 * outside may begin towards the inside is a firewall's to say.
 */
function pairsOf(sides: readonly Side[]): (readonly [Side, Side])[] {
  const inner = few(sides, 'inner');
  const tunnels = few(sides, 'tunnel');
  const ways = sides.filter((side) => side.isDefault).slice(0, 1);
  if (ways.length === 0) {
    const others = [...inner, ...tunnels, ...few(sides, 'outer')];
    const out = inner.flatMap((a) => others.filter((b) => b !== a).map((b) => [a, b] as const));
    return [...out, ...tunnels.flatMap((a) => inner.map((b) => [a, b] as const))];
  }
  const out = inner.flatMap((a) => [...tunnels, ...ways].map((b) => [a, b] as const));
  return [...out, ...tunnels.flatMap((a) => inner.map((b) => [a, b] as const))];
}

export function routedFlows(rules: Ruleset, sides: readonly Side[], context: TraceContext): readonly RoutedFlow[] {
  return pairsOf(sides).map(([from, to]) => {
    const packet = {
      family: 'ipv4',
      inLink: from.link,
      outLink: to.link,
      physicalIn: null,
      physicalOut: null,
      source: stationOn(from),
      destination: stationOn(to),
      protocol: 'tcp',
      sourcePort: 40000,
      destinationPort: 443,
      tcpFlags: ['SYN'],
      ctState: 'NEW',
      mark: 0,
    } as const;
    const { verdict, decidedBy, hangsOn } = routedVerdict(rules, packet, context);
    const [open] = hangsOn;
    return { from: from.link, to: to.link, verdict, ...(decidedBy && { decidedBy }), ...(open && { hangsOn: open }) };
  });
}
