import { addressSource, MANUAL_OFFER_MS } from './address-source.ts';
import { dhcpClient, type Offer, type Refusal } from './dhcp-client.ts';
import { type EchoSeries, echoSeries } from './echo-series.ts';
import { frameLog, type LoggedFrame } from './frame-log.ts';
import { type GatewayQuery, gatewayQuery } from './gateway-query.ts';
import { isInside, parseCidr } from './networks.ts';
import { type ArpPacket, decode, type Packet, type SeenFrame } from './packet.ts';
import { arpAnswer } from './station.ts';
import { type UplinkSight, uplinkWatch } from './uplink-watch.ts';

/** What is to be found out, and from where. Addresses and names have been checked by the caller. */
export interface ProbePlan {
  /** The station's own. */
  readonly mac: string;
  readonly cidr?: string;
  readonly gateway?: string;
  /** A host behind the gateway, to be pinged once the gateway answers. */
  readonly beyond?: string;
  /** Servers that are meant to be there. */
  readonly servers: readonly string[];
  /** Echo requests. */
  readonly count: number;
  /** Milliseconds to wait for a first offer. */
  readonly offerWaitMs: number;
  /** Interfaces that lead out of the node, and the VLAN on the wire there: 0 where it leaves without its tag. */
  readonly uplinks: readonly { readonly name: string; readonly vlan: number }[];
  /** A whole number from 0 up to, not including, `below`. */
  readonly random: (below: number) => number;
}

/** Where a frame goes to or was seen: at the station, or at an uplink by its name. */
export type Place = { readonly at: 'station' } | { readonly at: 'uplink'; readonly name: string };

export interface Sending {
  readonly place: Place;
  readonly frame: Uint8Array;
}

/** All that was found out. */
export interface ProbeFacts {
  /** Network and gateway were given: then a silent DHCP is no fault. */
  readonly manual: boolean;
  readonly cidr: string | undefined;
  readonly gateway: string | undefined;
  readonly discovers: number;
  readonly offers: readonly Offer[];
  /** By a server that is meant to be there, where that was said. */
  readonly served: boolean;
  readonly refusal: Refusal | undefined;
  readonly meddlers: readonly Refusal[];
  readonly unacknowledged: boolean;
  /** Asked for, and who answered; undefined where no gateway was known. */
  readonly arp:
    | { readonly asked: number; readonly macs: readonly string[]; readonly firstMs: number | undefined }
    | undefined;
  /** The address the echo requests came from. */
  readonly address: { readonly ip: string; readonly leased: boolean } | undefined;
  /** Addresses tried that somebody else has, and whose they are. */
  readonly taken: ReadonlyMap<string, string>;
  readonly echo: EchoCount | undefined;
  /** The same, of the host beyond; undefined where none was asked for, or nothing got so far. */
  readonly beyond: (EchoCount & { readonly address: string }) | undefined;
  readonly uplink: UplinkSight;
  readonly frames: readonly LoggedFrame[];
}

export interface EchoCount {
  readonly sent: number;
  readonly answered: number;
  /** Milliseconds. */
  readonly roundTrips: readonly number[];
}

/** The probe without its sockets and its clock: fed with frames and the time in milliseconds, it says what to send. */
export interface ProbeMachine {
  start(now: number): readonly Sending[];
  hear(now: number, place: Place, frame: SeenFrame): readonly Sending[];
  tick(now: number): readonly Sending[];
  /** Ends it at once, and gives a leased address back. */
  stop(now: number): readonly Sending[];
  readonly wakeAt: number;
  readonly over: boolean;
  /** Addresses of which it wants to hear ARP. */
  readonly addresses: readonly string[];
  facts(): ProbeFacts;
}

/** After the first offer, for those of other servers. */
const OTHER_OFFERS_MS = 1000;
const STATION: Place = { at: 'station' };

export function probeMachine(plan: ProbePlan): ProbeMachine {
  const { mac, random } = plan;
  const manual = plan.cidr !== undefined && plan.gateway !== undefined;
  const dhcp = dhcpClient(mac, random(2 ** 32));
  const watch = uplinkWatch(plan);
  const log = frameLog();
  let begun = 0;
  let clock = 0;
  let cidr = plan.cidr;
  let gateway = plan.gateway;
  let query: GatewayQuery | undefined;
  let echo: EchoSeries | undefined;
  let further: EchoSeries | undefined;
  let phase: 'probing' | 'locating' | 'over' = 'probing';

  function fromStation(now: number, frames: readonly Uint8Array[]): readonly Sending[] {
    return frames.map((frame) => {
      log.sent(now, STATION, frame);
      return { place: STATION, frame };
    });
  }

  /** Offers of servers that are meant to be there; of all, where nobody said which. */
  function offers(): readonly Offer[] {
    const { servers } = plan;
    return servers.length === 0 ? dhcp.offers : dhcp.offers.filter(({ server }) => servers.includes(server));
  }

  /** The one a client of this network should take: the first that fits what was given. */
  function bestOffer(): Offer | undefined {
    const given = plan.cidr === undefined ? undefined : parseCidr(plan.cidr);
    return offers().find((offer) => !given || isInside(given, offer.address));
  }

  function learn(): void {
    const offer = bestOffer();
    cidr ??= offer?.cidr;
    gateway ??= offer?.gateway;
  }

  function ask(now: number): readonly Uint8Array[] {
    if (query || gateway === undefined) return [];
    query = gatewayQuery(mac, gateway);
    return query.start(now);
  }

  const source = addressSource({
    mac,
    dhcp,
    manual,
    random,
    bestOffer,
    network: () => ({ cidr, gateway }),
    // A server behind a relay is reached by the gateway.
    wayTo: (offer) => (offer.relay === undefined ? offer.mac : (query?.macs[0] ?? offer.mac)),
  });

  function ping(now: number): readonly Uint8Array[] {
    if (echo) return pingBeyond(now);
    echo = seriesTo(gateway);
    return echo?.start(now) ?? [];
  }

  function pingBeyond(now: number): readonly Uint8Array[] {
    if (further || !echo?.done || echo.answered === 0) return [];
    further = seriesTo(plan.beyond);
    return further?.start(now) ?? [];
  }

  /** By way of the gateway, or to it; undefined while that, or an own address, is not known. */
  function seriesTo(destination: string | undefined): EchoSeries | undefined {
    const [destinationMac] = query?.macs ?? [];
    const { address } = source;
    if (!address || destinationMac === undefined || destination === undefined) return undefined;
    return echoSeries({ sourceMac: mac, destinationMac, source: address.ip, destination }, random(0x10000), plan.count);
  }

  /** Until then other servers, or another owner of the gateway's address, may speak up. */
  function patience(): number {
    const [first] = offers();
    if (first) return begun + first.afterMs + OTHER_OFFERS_MS;
    return manual ? begun + MANUAL_OFFER_MS : begun + plan.offerWaitMs;
  }

  /** Nobody speaks, here: whether they do beyond the bridge is to be asked. */
  function silence(now: number): 'dhcp' | 'arp' | undefined {
    if (query?.silent) return 'arp';
    const isOverdue = !manual && offers().length === 0 && now >= begun + plan.offerWaitMs;
    return isOverdue ? 'dhcp' : undefined;
  }

  /** Somebody spoke, and yet there is no way on. */
  function stuck(): boolean {
    if (source.none) return true;
    return !manual && (source.refused || (offers().length > 0 && bestOffer() === undefined));
  }

  function succeeded(): boolean {
    if (gateway === undefined) return bestOffer() !== undefined;
    return echo?.done === true && query?.settled === true && further?.done !== false;
  }

  /** What is next, as long as something is. */
  function advance(now: number): readonly Sending[] {
    clock = now;
    if (phase === 'over') return [];
    if (phase === 'locating') return locate(now);
    learn();
    const asked = ask(now);
    const obtained = query?.firstMs === undefined ? [] : source.advance(now, begun);
    const sendings = fromStation(now, [...asked, ...obtained, ...ping(now)]);
    const silent = silence(now);
    if (silent) {
      phase = 'locating';
      return [...sendings, ...logged(now, watch.ask(now, silent === 'arp' ? gateway : undefined)), ...locate(now)];
    }
    const isOver = (stuck() || succeeded()) && now >= patience();
    return isOver ? [...sendings, ...finish(now)] : sendings;
  }

  function locate(now: number): readonly Sending[] {
    const sendings = logged(now, watch.tick(now));
    return watch.done ? [...sendings, ...finish(now)] : sendings;
  }

  function logged(now: number, sendings: readonly Sending[]): readonly Sending[] {
    for (const { place, frame } of sendings) log.sent(now, place, frame);
    return sendings;
  }

  function finish(now: number): readonly Sending[] {
    phase = 'over';
    return fromStation(now, source.release());
  }

  function answer({ arp }: ArpPacket): readonly Uint8Array[] {
    const own = source.address?.ip ?? dhcp.lease?.address;
    if (arp.operation !== 1 || arp.targetAddress !== own) return [];
    return [arpAnswer(mac, own, { mac: arp.senderMac, address: arp.senderAddress })];
  }

  function receive(now: number, packet: Packet): readonly Uint8Array[] {
    switch (packet.kind) {
      case 'dhcp':
        dhcp.hear(now, packet);
        return [];
      case 'echo':
        echo?.hear(now, packet);
        further?.hear(now, packet);
        return [];
      case 'arp':
        query?.hear(now, packet);
        source.check?.hear(packet);
        return answer(packet);
    }
  }

  return {
    start(now) {
      begun = now;
      log.begin(now);
      return [...fromStation(now, dhcp.discover(now)), ...advance(now)];
    },
    hear(now, place, frame) {
      const packet = phase === 'over' ? undefined : decode(frame);
      if (!packet) return [];
      log.seen(now, place, packet, frame.outgoing);
      if (place.at === 'uplink') {
        watch.hear(now, place.name, packet, frame.outgoing);
        return advance(now);
      }
      // Tagged at the station is not for it: a guest without VLANs of its own would not take it either.
      if (frame.outgoing || packet.vlan !== 0) return [];
      return [...fromStation(now, receive(now, packet)), ...advance(now)];
    },
    tick(now) {
      if (phase === 'over') return [];
      const due = [dhcp, query, source.check, echo, further].flatMap((part) => part?.tick(now) ?? []);
      return [...fromStation(now, phase === 'probing' ? due : []), ...advance(now)];
    },
    stop(now) {
      return phase === 'over' ? [] : finish(now);
    },
    get wakeAt() {
      if (phase === 'locating') return watch.wakeAt;
      const own = [dhcp, query, source.check, echo, further].map((part) => part?.wakeAt);
      const end = patience();
      return Math.min(...own.filter((at) => at !== undefined), end > clock ? end : Number.POSITIVE_INFINITY);
    },
    get over() {
      return phase === 'over';
    },
    get addresses() {
      const known = [gateway, source.address?.ip, dhcp.lease?.address, ...(source.check?.free ?? [])];
      return [...new Set(known.filter((one) => one !== undefined))];
    },
    facts: () => ({
      manual,
      cidr,
      gateway,
      discovers: dhcp.asked,
      offers: dhcp.offers,
      served: offers().length > 0,
      refusal: dhcp.refusal,
      meddlers: dhcp.meddlers,
      unacknowledged: dhcp.unacknowledged,
      arp: query && { asked: query.asked, macs: query.macs, firstMs: query.firstMs },
      address: source.address,
      taken: source.taken,
      echo: echo && countOf(echo),
      beyond: further && plan.beyond !== undefined ? { address: plan.beyond, ...countOf(further) } : undefined,
      uplink: watch.sight(),
      frames: log.frames(),
    }),
  };
}

function countOf({ sent, answered, roundTrips }: EchoSeries): EchoCount {
  return { sent, answered, roundTrips };
}
