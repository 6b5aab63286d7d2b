import type { ProbeFacts } from './machine.ts';

export type NetworkState = 'active' | 'inactive' | 'unknown';

/** `failed` is for what stopped the probe itself, as `denied` is for a missing capability. */
export type NetworkReason =
  | 'ok'
  | 'no-carrier'
  | 'vlan-missing'
  | 'dhcp-silent'
  | 'dhcp-nak'
  | 'arp-silent'
  | 'icmp-lost'
  | 'loss'
  | 'no-route'
  | 'denied'
  | 'failed';

/**
 * On which side of the node's uplink the fault is: `node` is the bridge and what it filters, `network` the switch and what
 * is beyond. Undefined where nothing tells.
 */
export type FaultSide = 'node' | 'network' | undefined;

/** What is known of the bridge besides what the frames tell. */
export interface BridgeFacts {
  readonly name: string;
  readonly up: boolean;
  readonly ports: number;
  readonly carrier: boolean;
  readonly filtering: boolean;
  readonly uplinks: readonly {
    readonly name: string;
    readonly carrier: boolean;
    readonly carries: 'tagged' | 'untagged' | 'not' | undefined;
  }[];
}

/** What the host network of this node sees of the gateway; Harvester's own check asks from there. */
export type NodeReach = 'reaches' | 'no-route' | 'no-answer' | 'not-asked';

export interface Outcome {
  readonly state: NetworkState;
  readonly reason: NetworkReason;
  readonly side: FaultSide;
  /** Undefined where no echo request was sent. */
  readonly lossPercent: number | undefined;
}

/** Harvester's: 1 lost of 5 is still connected, 2 are not (network-controller-harvester pkg/controller/manager/nad). */
const MOST_LOSS_PERCENT = 20;

/** Before any frame is sent: what makes sending pointless. */
export function judgeBridge(bridge: BridgeFacts, vlan: number): Outcome | undefined {
  const inactive = (reason: NetworkReason): Outcome => ({
    state: 'inactive',
    reason,
    side: 'node',
    lossPercent: undefined,
  });
  if (!bridge.up || bridge.ports === 0) return inactive('no-carrier');
  if (vlan !== 0 && !bridge.filtering) return inactive('vlan-missing');
  return undefined;
}

export function lossOf({ echo }: Pick<ProbeFacts, 'echo'>): number | undefined {
  return echo && echo.sent > 0 ? ((echo.sent - echo.answered) / echo.sent) * 100 : undefined;
}

/** The gateway answers, and what is behind it does not, by the same measure: the network is connected, and its router leads nowhere. */
export function leadsNowhere({ beyond }: ProbeFacts): boolean {
  return (lossOf({ echo: beyond }) ?? 0) > MOST_LOSS_PERCENT;
}

/** What the frames say, with the bridge's own tables where they say too little. Pure. */
export function judge(facts: ProbeFacts, bridge: BridgeFacts): Outcome {
  const lossPercent = lossOf(facts);
  const outcome = (state: NetworkState, reason: NetworkReason, side?: FaultSide): Outcome => ({
    state,
    reason,
    side,
    lossPercent,
  });
  if (!facts.manual && !facts.served) return silence('dhcp-silent', facts, bridge, outcome);
  if (facts.arp && facts.arp.macs.length === 0) return silence('arp-silent', facts, bridge, outcome);
  if (!facts.manual && facts.refusal) return outcome('inactive', 'dhcp-nak');
  if (!facts.manual && facts.unacknowledged) return outcome('inactive', 'dhcp-silent', 'network');
  if (lossPercent === undefined) {
    // Without a gateway there is nothing more to ask; without an address to ask from nobody knows.
    return facts.gateway === undefined ? outcome('active', 'ok') : outcome('unknown', 'failed');
  }
  if (lossPercent <= MOST_LOSS_PERCENT) return outcome('active', 'ok');
  return outcome('inactive', lossPercent === 100 ? 'icmp-lost' : 'loss', echoSide(facts));
}

type Make = (state: NetworkState, reason: NetworkReason, side?: FaultSide) => Outcome;

/** Nobody answered: the nearest cause that is known. */
function silence(asked: 'dhcp-silent' | 'arp-silent', facts: ProbeFacts, bridge: BridgeFacts, make: Make): Outcome {
  const { uplinks } = bridge;
  const isDark = !bridge.carrier || (uplinks.length > 0 && uplinks.every(({ carrier }) => !carrier));
  if (isDark) return make('inactive', 'no-carrier', 'node');
  if (uplinks.length > 0 && uplinks.every(({ carries }) => carries === 'not')) {
    return make('inactive', 'vlan-missing', 'node');
  }
  if (facts.uplink.strays.length > 0) return make('inactive', 'vlan-missing', 'network');
  return make('inactive', asked, silentSide(facts, asked === 'dhcp-silent' ? 'dhcp' : 'arp'));
}

function silentSide({ uplink }: ProbeFacts, kind: 'dhcp' | 'arp'): FaultSide {
  if (uplink.watched.length === 0) return undefined;
  // Answers that came as far as the uplink, or were there for the asking, were lost on the bridge.
  if (uplink.came.includes(kind) || uplink.answered) return 'node';
  return uplink.left.includes(kind) || uplink.answered === false ? 'network' : undefined;
}

/** Only where the gateway is beyond the uplink: one that is a VM on this bridge is reached without it. */
function echoSide({ uplink, echo }: ProbeFacts): FaultSide {
  if (!uplink.came.includes('arp')) return undefined;
  if (!uplink.left.includes('echo')) return 'node';
  if (!uplink.came.includes('echo')) return 'network';
  return echo?.answered === 0 ? 'node' : undefined;
}

/** Layer 2 is fine, and yet the node's own network does not reach the gateway: the VMs are not to blame. */
export function withNodeReach(outcome: Outcome, reach: NodeReach): Outcome {
  const isUnreached = reach === 'no-route' || reach === 'no-answer';
  return outcome.reason === 'ok' && isUnreached ? { ...outcome, reason: 'no-route' } : outcome;
}

/** Servers that are not meant to be there, or contradict each other: then nobody can tell who is right. */
export function rogues(facts: ProbeFacts, expected: readonly string[], given: { cidr?: string; gateway?: string }) {
  const strangers = expected.length > 0 ? facts.offers.filter(({ server }) => !expected.includes(server)) : [];
  const meddlers = facts.meddlers.filter(({ server }) => !strangers.some((one) => one.server === server));
  const others = facts.offers.filter((offer) => !strangers.includes(offer));
  const contradicts = (one: { cidr: string | undefined; gateway: string | undefined }) =>
    others.some((offer) => (offer.cidr ?? '') !== (one.cidr ?? '') || (offer.gateway ?? '') !== (one.gateway ?? ''));
  const isGiven = given.cidr !== undefined || given.gateway !== undefined;
  const wrong = others.filter((offer) =>
    isGiven
      ? (given.cidr !== undefined && offer.cidr !== given.cidr) ||
        (given.gateway !== undefined && offer.gateway !== given.gateway)
      : expected.length === 0 && contradicts(offer),
  );
  return { strangers, wrong, meddlers };
}
