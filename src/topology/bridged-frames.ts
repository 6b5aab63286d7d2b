import type { Family, Match, Ruleset, Target } from '../snapshot/netfilter/ruleset.ts';
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
/** Addresses that rules treat alike. */
type Class = readonly Pair[];

/** Ports of one kind that no rule tells apart stand for each other; this many of each kind are tried. */
const PORTS_PER_KIND = 2;
const MAX_PORTS = 6;
/** Address classes beyond which a rule set is not taken apart. */
const MAX_CLASSES = 24;
/** Single hosts named by rules that are tried. */
const MAX_HOSTS = 4;
/** Documentation and benchmark networks: the first that no rule names stands for "an address no rule names". */
const ANONYMOUS: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ['198.18.77.0/24', '203.0.113.0/24', '198.51.100.0/24', '192.0.2.0/24'],
  ipv6: ['2001:db8:77::/64', '2001:db8:78::/64'],
};

/** Addresses no machine sends from: "this" network, loopback, multicast, reserved and broadcast (RFC 6890, RFC 4291). */
const NO_STATIONS = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4', '::/127', 'ff00::/8'];

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
  const groups = addressGroups(rules, family, stations, context.localAddresses ?? []);
  const losses: Loss[] = [];
  const undecided = new Map<string, BridgedFrames['undecided'][number]>();
  let evaluated = 0;
  for (const [from, to] of orderedPairs(ports)) {
    for (const frame of frames) {
      const judge = ([source, destination]: Pair): Verdict => {
        evaluated += 1;
        const kind =
          family === 'ipv6' && frame.protocol === 'icmp' ? { ...frame, protocol: 'icmpv6', icmpType: '128' } : frame;
        const ends = { ...(source !== undefined && { source }), ...(destination !== undefined && { destination }) };
        return bridgeVerdict(
          rules,
          { ...kind, ...ends, family, bridge: bridge.link.name, portIn: from.name, portOut: to.name, mark: 0 },
          context,
        );
      };
      const fates = groups.map((classes) => agree(classes.map((pairs) => pairs.map(judge))));
      const loss = fates.find((fate) => fate.loss)?.loss;
      if (loss) losses.push({ family, from: from.name, to: to.name, protocol: frame.protocol, ...loss });
      for (const one of fates.flatMap((fate) => fate.undecided))
        undecided.set(`${one.rule.table} ${one.rule.chain} ${one.rule.rule}`, one);
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
 * One fate for a group of addresses, or the rules that keep it open. The first class is of hosts that no rule names,
 * the others are of those that rules name: what is done to somebody by name is meant for somebody here, but an
 * exception for one does not save the others, nor prove that there are others. A class is hurt in either direction.
 */
function agree(classes: readonly (readonly Verdict[])[]): Fate {
  const open = classes.flat().flatMap((verdict) => (verdict.verdict === 'unknown' ? verdict.hangsOn : []));
  if (open.length > 0) return { undecided: open };
  const effects = classes.map((verdicts) => verdicts.map(effectOf).find((effect) => effect !== undefined));
  const [stranger] = effects;
  const loss = effects.find((effect) => effect !== undefined);
  if (!loss) return { undecided: [] };
  if (!stranger || effects.every((effect) => effect !== undefined)) return { loss, undecided: [] };
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
 * The addresses to try: hosts of each network known to be on the bridge, and those of its hosts that rules name; where
 * no network is known, strangers and each class of addresses that the rules tell apart and that is not known to be
 * elsewhere.
 */
function addressGroups(
  rules: Ruleset,
  family: Family,
  stations: Stations,
  localAddresses: readonly string[],
): readonly (readonly Class[])[] {
  const own = new Set(localAddresses.map((address) => address.replace(/\/.*/, '')));
  const named = namedNetworks(rules, family).filter((network) => !own.has(network.replace(/\/.*/, '')));
  const known = stations.networks.flatMap((network) => {
    const hosts = familyOf(network) === family ? twoHosts(network) : undefined;
    return hosts ? [{ network, hosts }] : [];
  });
  if (known.length > 0) return known.map(({ network, hosts }) => classesOf(hosts, named.filter(isInside(network))));
  const here = named.filter((network) => !stations.elsewhere.some((other) => isPartOf(other, network)));
  const anonymous = ANONYMOUS[family].find((network) => !named.some((other) => contains(other, network)));
  const strangers = anonymous === undefined ? undefined : twoHosts(anonymous);
  if (here.length > MAX_CLASSES || !strangers) return [[[[undefined, undefined]]]];
  return [classesOf(strangers, here)];
}

/** Truly smaller: a rule for the whole network tells none of its hosts apart. */
function isInside(network: string): (named: string) => boolean {
  return (named) => contains(network, named) && !contains(named, network);
}

/** Two strangers talking, two hosts of each network, and single hosts with a stranger and with each other, both ways. */
function classesOf(strangers: readonly [string, string], named: readonly string[]): readonly Class[] {
  const networks = named.map(twoHosts).filter((pair) => pair !== undefined);
  const hosts = named.filter((network) => !twoHosts(network)).map((network) => network.replace(/\/.*/, ''));
  const few = hosts.slice(0, MAX_HOSTS);
  const couples = few.flatMap((host, at) =>
    [strangers[0], ...few.slice(at + 1)].map((other) => [host, other] as const),
  );
  return [
    [strangers],
    ...networks.map((pair) => [pair]),
    ...couples.map(
      ([a, b]): Class => [
        [a, b],
        [b, a],
      ],
    ),
  ];
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

/** An address that is translated on its way in is nobody's on a bridge: a Service's. */
function isTranslated({ kind }: Target): boolean {
  return kind === 'dnat' || kind === 'redirect' || kind === 'jump' || kind === 'goto';
}

function namedNetworks(rules: Ruleset, family: Family): string[] {
  const chains = rules.tables.flatMap((table) => [...table.chains.values()]);
  const naming = chains.flatMap(({ nat, rules: own }) => own.filter(({ target }) => !(nat && isTranslated(target))));
  const networks = naming
    .flatMap(({ matches }) => matches.flatMap(unfold))
    .flatMap((match) => (match.kind === 'source' || match.kind === 'destination' ? [match.cidr] : []));
  return [...new Set(networks)].filter(
    (network) =>
      familyOf(network) === family && !/\/0$/.test(network) && !NO_STATIONS.some((other) => contains(other, network)),
  );
}
