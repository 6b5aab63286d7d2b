import { dhcpClient } from './dhcp-client.ts';
import { gatewayQuery } from './gateway-query.ts';
import type { ProbePlan, Sending } from './machine.ts';
import { type Packet, tagged } from './packet.ts';

/** What was seen where the node ends, to tell a fault inside it from one beyond. */
export interface UplinkSight {
  readonly watched: readonly string[];
  /** Kinds of our frames that left the node in the right VLAN. */
  readonly left: readonly Packet['kind'][];
  /** Kinds of answers to us that came in, in the right VLAN. */
  readonly came: readonly Packet['kind'][];
  /** VLANs (0: untagged) in which answers to us came in that are not the one that was asked in. */
  readonly strays: readonly number[];
  /** Asked there, past the bridge: whether somebody answered. Undefined where nothing was asked. */
  readonly answered: boolean | undefined;
}

/** Watches the uplinks, and asks there what the station asked in vain. Pure. */
export interface UplinkWatch {
  hear(now: number, uplink: string, packet: Packet, outgoing: boolean): void;
  /** Asks for this gateway by ARP; without one, for DHCP servers. */
  ask(now: number, gateway: string | undefined): readonly Sending[];
  tick(now: number): readonly Sending[];
  readonly wakeAt: number;
  /** There was nothing to ask, somebody answered, or the time is over. */
  readonly done: boolean;
  sight(): UplinkSight;
}

const PATIENCE_MS = { arp: 1000, dhcp: 3500 } as const;

export function uplinkWatch({ mac, uplinks, random }: ProbePlan): UplinkWatch {
  const left = new Set<Packet['kind']>();
  const came = new Set<Packet['kind']>();
  const strays = new Set<number>();
  const dhcp = dhcpClient(mac, random(2 ** 32));
  let query: ReturnType<typeof gatewayQuery> | undefined;
  let asking: { readonly until: number } | undefined;
  let answered: boolean | undefined;
  let done = false;

  function everywhere(frames: readonly Uint8Array[]): readonly Sending[] {
    return uplinks.flatMap(({ name, vlan }) =>
      frames.map((frame) => ({ place: { at: 'uplink', name } as const, frame: tagged(frame, vlan) })),
    );
  }

  /** An answer for us, and not a frame of ours that a bridge gave back. */
  function isForUs(packet: Packet): boolean {
    if (packet.sourceMac === mac) return false;
    if (packet.kind === 'dhcp') return packet.message.operation === 2 && packet.message.clientMac === mac;
    return packet.destinationMac === mac;
  }

  function note(packet: Packet, vlan: number, outgoing: boolean): void {
    if (outgoing && packet.sourceMac === mac && packet.vlan === vlan) left.add(packet.kind);
    if (outgoing || !isForUs(packet)) return;
    if (packet.vlan === vlan) came.add(packet.kind);
    else strays.add(packet.vlan);
  }

  return {
    hear(now, uplink, packet, outgoing) {
      const vlan = uplinks.find(({ name }) => name === uplink)?.vlan ?? 0;
      // What was sent here to ask is no proof that the bridge lets frames out.
      if (!(asking && outgoing)) note(packet, vlan, outgoing);
      if (!asking || outgoing || packet.vlan !== vlan) return;
      if (packet.kind === 'dhcp') dhcp.hear(now, packet);
      if (packet.kind === 'arp') query?.hear(now, packet);
      if (dhcp.offers.length === 0 && query?.firstMs === undefined) return;
      answered = true;
      done = true;
    },
    ask(now, gateway) {
      done = uplinks.length === 0;
      if (done) return [];
      answered = false;
      asking = { until: now + (gateway === undefined ? PATIENCE_MS.dhcp : PATIENCE_MS.arp) };
      if (gateway === undefined) return everywhere(dhcp.discover(now));
      query = gatewayQuery(mac, gateway);
      return everywhere(query.start(now));
    },
    tick(now) {
      if (done || !asking) return [];
      if (now >= asking.until) {
        done = true;
        return [];
      }
      return everywhere(query ? query.tick(now) : dhcp.tick(now));
    },
    get wakeAt() {
      const part = query ? query.wakeAt : dhcp.wakeAt;
      return Math.min(asking?.until ?? 0, part ?? Number.POSITIVE_INFINITY);
    },
    get done() {
      return done;
    },
    sight: () => ({
      watched: uplinks.map(({ name }) => name),
      left: [...left],
      came: [...came],
      strays: [...strays],
      answered,
    }),
  };
}
