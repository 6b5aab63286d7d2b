import type { Family, Match, Ruleset } from '../snapshot/netfilter/ruleset.ts';
import { bridgeVerdict } from '../trace/bridge.ts';
import type { DecidedBy, Verdict } from '../trace/packet.ts';
import type { TraceContext } from '../trace/sight.ts';
import type { Bridge, BridgePort } from './bridges.ts';
import { contains, familyOf, twoHosts } from './cidr.ts';
import { framesFor } from './frame-kinds.ts';

/** What is known of a bridge's stations. */
export interface Stations {
  /** Networks whose hosts are on the bridge: its own addresses' prefixes, neighbours learned on it. */
  readonly networks: readonly string[];
  /** Networks that are certainly somewhere else: routed by another interface, the cluster's Pods and Services. */
  readonly elsewhere: readonly string[];
}

/** Frames of one kind that iptables would eat, or rewrite, on their way across a bridge. */
export interface Loss {
  readonly family: Family;
  readonly from: string;
  readonly to: string;
  readonly protocol: string;
  readonly effect: 'dropped' | 'rewritten';
  readonly decidedBy: DecidedBy;
}

export interface BridgedFrames {
  readonly losses: readonly Loss[];
  /** Rules on which the fate of some frames hangs, with why it cannot be told. */
  readonly undecided: readonly { readonly rule: DecidedBy; readonly why: string }[];
  /** Frames evaluated. */
  readonly evaluated: number;
}

type Pair = readonly [string | undefined, string | undefined];

/** Ports of one kind that no rule tells apart stand for each other; this many of each kind are tried. */
const PORTS_PER_KIND = 2;
const MAX_PORTS = 6;
/** Address classes beyond which a rule set is not taken apart. */
const MAX_CLASSES = 24;
/** Documentation and benchmark networks: the first that no rule names stands for "an address no rule names". */
const ANONYMOUS: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ['198.18.77.0/24', '203.0.113.0/24', '198.51.100.0/24', '192.0.2.0/24'],
  ipv6: ['2001:db8:77::/64', '2001:db8:78::/64'],
};

/** Evaluates what iptables would do to frames bridged between a bridge's ports. */
export function bridgedFrames(
  rules: Ruleset,
  family: Family,
  bridge: Bridge,
  stations: Stations,
  context: TraceContext,
): BridgedFrames {
  const ports = representativePorts(bridge, rules);
  const frames = framesFor(rules);
  const { pairs, certain } = addressPairs(rules, family, stations);
  const losses: Loss[] = [];
  const undecided = new Map<string, BridgedFrames['undecided'][number]>();
  let evaluated = 0;
  for (const [from, to] of orderedPairs(ports)) {
    for (const frame of frames) {
      const verdicts = pairs.map(([source, destination]) => {
        evaluated += 1;
        const kind =
          family === 'ipv6' && frame.protocol === 'icmp' ? { ...frame, protocol: 'icmpv6', icmpType: '128' } : frame;
        const ends = { ...(source !== undefined && { source }), ...(destination !== undefined && { destination }) };
        return bridgeVerdict(
          rules,
          { ...kind, ...ends, family, bridge: bridge.link.name, portIn: from.name, portOut: to.name, mark: 0 },
          context,
        );
      });
      const fate = agree(verdicts, certain);
      if (fate.loss) losses.push({ family, from: from.name, to: to.name, protocol: frame.protocol, ...fate.loss });
      for (const one of fate.undecided) undecided.set(`${one.rule.table} ${one.rule.chain} ${one.rule.rule}`, one);
    }
  }
  return { losses, undecided: [...undecided.values()], evaluated };
}

function effectOf(verdict: Verdict): Pick<Loss, 'effect' | 'decidedBy'> | undefined {
  if (verdict.verdict === 'drop' && verdict.decidedBy) return { effect: 'dropped', decidedBy: verdict.decidedBy };
  const rewrite = verdict.verdict === 'pass' ? verdict.rewrites.find(({ kind }) => kind === 'snat') : undefined;
  return rewrite && { effect: 'rewritten', decidedBy: rewrite.rule };
}

type Fate = { readonly loss?: Pick<Loss, 'effect' | 'decidedBy'>; readonly undecided: BridgedFrames['undecided'] };

/**
 * One fate for all the addresses a frame may carry, or the rules that keep it open. Addresses known to be on the
 * bridge count each. Where none is known the first pair is a stranger's, the others are of networks that rules name:
 * what is done to a network by name is meant for somebody here, but an exception for one does not save the others.
 */
function agree(verdicts: readonly Verdict[], certain: boolean): Fate {
  const open = verdicts.flatMap((verdict) => (verdict.verdict === 'unknown' ? verdict.hangsOn : []));
  if (open.length > 0) return { undecided: open };
  const effects = verdicts.map(effectOf);
  const [stranger] = effects;
  const loss = effects.find((effect) => effect !== undefined);
  if (!loss) return { undecided: [] };
  if (certain || !stranger || effects.every((effect) => effect !== undefined)) return { loss, undecided: [] };
  return { undecided: [{ rule: loss.decidedBy, why: 'it depends on the addresses of the machines on this bridge' }] };
}

/** Kinds of ports, told apart further by the rules that name some of them. */
function representativePorts(bridge: Bridge, rules: Ruleset): readonly BridgePort[] {
  const patterns = [...new Set(matchesOf(rules).flatMap(physdevOf))];
  const groups = new Map<string, BridgePort[]>();
  for (const port of bridge.ports) {
    const key = `${port.kind} ${patterns.map((pattern) => Number(linkMatches(pattern, port.name))).join('')}`;
    const group = groups.get(key) ?? [];
    if (group.length < PORTS_PER_KIND) group.push(port);
    groups.set(key, group);
  }
  return [...groups.values()].flat().slice(0, MAX_PORTS);
}

function physdevOf(match: Match): string[] {
  return match.kind === 'physdev-in' || match.kind === 'physdev-out' ? [match.link] : [];
}

function linkMatches(pattern: string, name: string): boolean {
  return pattern.endsWith('+') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function matchesOf(rules: Ruleset): Match[] {
  return rules.tables.flatMap((table) =>
    [...table.chains.values()].flatMap((chain) => chain.rules.flatMap((rule) => rule.matches.flatMap(unfold))),
  );
}

/** A set's members count like matches of their own. */
function unfold(match: Match): Match[] {
  return match.kind === 'any' ? match.of.flatMap((all) => all.flatMap(unfold)) : [match];
}

function orderedPairs<T>(items: readonly T[]): (readonly [T, T])[] {
  return items.flatMap((a) => items.filter((b) => b !== a).map((b) => [a, b] as const));
}

/**
 * The addresses to try: hosts of the networks known to be on the bridge; where none is known, one pair for each
 * class of addresses that the rules tell apart and that is not known to be elsewhere.
 */
function addressPairs(
  rules: Ruleset,
  family: Family,
  stations: Stations,
): { pairs: readonly Pair[]; certain: boolean } {
  const known = stations.networks.filter((network) => familyOf(network) === family).map(twoHosts);
  const usable = known.filter((pair) => pair !== undefined);
  if (usable.length > 0) return { pairs: usable, certain: true };
  const named = namedNetworks(rules, family);
  const here = named.filter((network) => !stations.elsewhere.some((other) => isPartOf(other, network)));
  const anonymous = ANONYMOUS[family].find((network) => !named.some((other) => contains(other, network)));
  const stranger = anonymous === undefined ? undefined : twoHosts(anonymous);
  if (here.length > MAX_CLASSES || !stranger) return { pairs: [[undefined, undefined]], certain: true };
  return { pairs: [stranger, ...here.flatMap((network) => pairsIn(network, stranger[0]))], certain: false };
}

/** A cluster's network, of which this node routes its own share: a /16 of Pods in /24 pieces, not all of 10.0.0.0/8. */
const SHARE_BITS = 8;

/** Is a network that a rule names the same as one that is elsewhere, inside it, or the whole of which that is a share? */
function isPartOf(elsewhere: string, named: string): boolean {
  return (
    contains(elsewhere, named) || (contains(named, elsewhere) && prefixOf(elsewhere) - prefixOf(named) <= SHARE_BITS)
  );
}

function prefixOf(cidr: string): number {
  return Number(/\/(\d+)$/.exec(cidr)?.[1] ?? (cidr.includes(':') ? 128 : 32));
}

/** Two hosts of a network talking; a single host talks with a stranger, both ways. */
function pairsIn(network: string, stranger: string): readonly Pair[] {
  const hosts = twoHosts(network);
  if (hosts) return [hosts];
  const host = network.replace(/\/.*/, '');
  return [
    [host, stranger],
    [stranger, host],
  ];
}

function namedNetworks(rules: Ruleset, family: Family): string[] {
  const networks = matchesOf(rules).flatMap((match) =>
    match.kind === 'source' || match.kind === 'destination' ? [match.cidr] : [],
  );
  return [...new Set(networks)].filter((network) => familyOf(network) === family && !/\/0$/.test(network));
}
