import { type DhcpClient, dhcpClient, type Offer } from '../vm-network/dhcp-client.ts';
import { gatewayQuery } from '../vm-network/gateway-query.ts';
import { decode, type SeenFrame } from '../vm-network/packet.ts';

/** What is to be found out about an IPv4 address on a segment. Addresses have been checked by the caller. */
export interface InquiryPlan {
  readonly address: string;
  /** Of the interface that asks. */
  readonly mac: string;
  /** A hardware address that nobody has: as whom the DHCP servers are asked, and the transaction. Without it they are not. */
  readonly stranger?: { readonly mac: string; readonly transaction: number };
  /** Milliseconds to wait for a first offer. */
  readonly offerWaitMs: number;
}

/** What was seen. */
export interface SegmentSight {
  /** Hardware addresses that answer ARP for it, in the order of their answers. This machine's own are not among them. */
  readonly answering: readonly string[];
  /** What DHCP servers offer to a stranger who would like it, of whatever address; undefined where they were not asked. */
  readonly offers: readonly Offer[] | undefined;
}

/** Without its socket and its clock: fed with frames and the time in milliseconds, it says what to send. Pure. */
export interface AddressInquiry {
  start(now: number): readonly Uint8Array[];
  hear(now: number, frame: SeenFrame): void;
  tick(now: number): readonly Uint8Array[];
  readonly wakeAt: number;
  readonly over: boolean;
  sight(): SegmentSight;
}

/** After the first offer, for those of other servers. */
const OTHER_OFFERS_MS = 1000;

/**
 * Asks a segment who has an address, and what DHCP would give to somebody who would like it. ARP is asked with sender 0.0.0.0, which
 * fills nobody's table (RFC 5227, 2.1.1); of DHCP there is the DISCOVER alone, so that nothing is taken: a server may keep what it
 * offers for some seconds (RFC 2131, 3.1).
 */
export function addressInquiry({ address, mac, stranger, offerWaitMs }: InquiryPlan): AddressInquiry {
  const query = gatewayQuery(mac, address);
  const client: DhcpClient | undefined =
    stranger && dhcpClient(stranger.mac, stranger.transaction, { wanted: address, sentFrom: mac });
  let begun = 0;
  let clock = 0;

  /** Until then offers may come. */
  function patience(): number {
    const first = client?.offers[0];
    return begun + (first === undefined ? offerWaitMs : Math.min(offerWaitMs, first.afterMs + OTHER_OFFERS_MS));
  }
  const isWaiting = (): boolean => client !== undefined && clock < patience();

  return {
    start(now) {
      begun = now;
      clock = now;
      return [...query.start(now), ...(client?.discover(now) ?? [])];
    },
    hear(now, frame) {
      const packet = decode(frame);
      // What this machine sent itself, and what is another VLAN's, is not about this segment.
      if (!packet || frame.outgoing || packet.vlan !== 0) return;
      if (packet.kind === 'arp') query.hear(now, packet);
      if (packet.kind === 'dhcp') client?.hear(now, packet);
    },
    tick(now) {
      clock = now;
      return [...query.tick(now), ...(isWaiting() ? (client?.tick(now) ?? []) : [])];
    },
    get wakeAt() {
      const times = [query.wakeAt, ...(isWaiting() ? [client?.wakeAt, patience()] : [])];
      return Math.min(...times.filter((at) => at !== undefined));
    },
    get over() {
      return (query.silent || query.settled) && !isWaiting();
    },
    sight: () => ({ answering: query.macs, offers: client?.offers }),
  };
}
