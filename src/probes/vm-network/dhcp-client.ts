import { addressBytes, viewOf } from '../octets.ts';
import {
  addressOption,
  DHCP_TYPE,
  type DhcpMessage,
  gatewayOf,
  NO_ADDRESS,
  numberOption,
  OPTION,
  prefixOf,
  textOption,
  typeOf,
} from './dhcp-message.ts';
import { cidrText, networkOf } from './networks.ts';
import type { DhcpPacket } from './packet.ts';
import { dhcpFrame } from './station.ts';

/** What a server offers. Different servers, and the same one through different relays, are different offers. */
export interface Offer {
  readonly server: string;
  /** Who brought the frame: the server itself, or the relay nearest to us. */
  readonly mac: string;
  /** Milliseconds from the first DISCOVER. */
  readonly afterMs: number;
  /** The relay's address, where there is one. */
  readonly relay: string | undefined;
  readonly address: string;
  readonly cidr: string | undefined;
  readonly gateway: string | undefined;
  readonly leaseSeconds: number | undefined;
}

export interface Refusal {
  readonly server: string;
  readonly mac: string;
  readonly text: string;
}

/** One client and its transaction, from DISCOVER to RELEASE. Pure: fed with packets and the time in milliseconds. */
export interface DhcpClient {
  discover(now: number): readonly Uint8Array[];
  request(now: number, offer: Offer): readonly Uint8Array[];
  /** Gives back what is held. `via` is the frame's destination. */
  release(via: string): readonly Uint8Array[];
  hear(now: number, packet: DhcpPacket): void;
  tick(now: number): readonly Uint8Array[];
  /** When `tick` has something to do, if nothing comes in before. */
  readonly wakeAt: number | undefined;
  readonly offers: readonly Offer[];
  readonly asked: number;
  /** Acknowledged by the server that was asked. */
  readonly lease: Offer | undefined;
  /** Requested and not refused: the server may have given it, also where its acknowledgement did not come. */
  readonly held: Offer | undefined;
  /** By the server that was asked; then there is no lease. */
  readonly refusal: Refusal | undefined;
  /** By a server that was not asked: it takes addresses away that others gave. */
  readonly meddlers: readonly Refusal[];
  /** REQUEST was sent as often as it is, and nobody answered. */
  readonly unacknowledged: boolean;
}

/**
 * Milliseconds after the first at which it is sent again; RFC 2131 (4.1) wants them further and further apart. Not sooner:
 * a server that takes its time answers one after the other, and a REQUEST waits behind them all.
 */
const DISCOVER_AGAIN = [2500, 6500, 13_000, 25_000, 50_000];
/**
 * Each by up to so much earlier or later (RFC 2131, 4.1): hundreds of probes that begin together would else overrun a server's queue
 * together again and again.
 */
const JITTER_MS = 1000;
const REQUEST_AGAIN = [1000, 3000, 6000];
const REQUEST_OVER = 10_000;
/** Seconds. A probe that is killed outright cannot give its address back: it is to be free soon. */
const SHORT_LEASE = 120;

function seconds32(seconds: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, seconds);
  return bytes;
}

const ASKED_FOR = Uint8Array.from([1, 121, 3, 6, 15, 26, 51, 54]);

function offerIn(packet: DhcpPacket, afterMs: number): Offer | undefined {
  const { message } = packet;
  const server = addressOption(message, OPTION.server);
  if (server === undefined || message.yourAddress === NO_ADDRESS) return undefined;
  const mask = addressOption(message, OPTION.subnetMask);
  const prefix = mask === undefined ? undefined : prefixOf(mask);
  return {
    server,
    mac: packet.sourceMac,
    afterMs,
    relay: message.relayAddress === NO_ADDRESS ? undefined : message.relayAddress,
    address: message.yourAddress,
    cidr: prefix ? cidrText(networkOf(message.yourAddress, prefix)) : undefined,
    gateway: gatewayOf(message),
    leaseSeconds: numberOption(message, OPTION.leaseSeconds),
  };
}

/** For a client that only asks, from an interface that is somebody else's. */
export interface Inquiry {
  /** The address it would like to be offered. */
  readonly wanted: string;
  /** The hardware address its frames come from. Answers are to be broadcast then: unicast ones would go to nobody. */
  readonly sentFrom: string;
}

export function dhcpClient(mac: string, transaction: number, inquiry?: Inquiry): DhcpClient {
  const offers: Offer[] = [];
  const meddlers: Refusal[] = [];
  let begun = 0;
  let asked = 0;
  let requested: { readonly offer: Offer; readonly at: number; sent: number } | undefined;
  let lease: Offer | undefined;
  let refusal: Refusal | undefined;
  let selecting = false;

  function message(now: number, options: readonly (readonly [number, Uint8Array])[], clientAddress = NO_ADDRESS) {
    const client = Uint8Array.from([1, ...mac.split(':').map((octet) => Number.parseInt(octet, 16))]);
    const whole: DhcpMessage = {
      operation: 1,
      transaction,
      seconds: Math.min(0xffff, Math.floor((now - begun) / 1000)),
      broadcast: inquiry !== undefined,
      clientAddress,
      yourAddress: NO_ADDRESS,
      serverAddress: NO_ADDRESS,
      relayAddress: NO_ADDRESS,
      clientMac: mac,
      options: new Map([...options, [OPTION.clientIdentifier, client]]),
    };
    return whole;
  }

  function discovery(now: number): Uint8Array {
    asked += 1;
    return dhcpFrame(
      message(now, [
        [OPTION.messageType, Uint8Array.of(DHCP_TYPE.discover)],
        ...(inquiry ? [[OPTION.requestedAddress, addressBytes(inquiry.wanted)] as const] : []),
        [OPTION.leaseSeconds, seconds32(SHORT_LEASE)],
        [OPTION.parameters, ASKED_FOR],
      ]),
      inquiry && { sourceMac: inquiry.sentFrom },
    );
  }

  function requestFor(now: number, { address, server }: Offer): Uint8Array {
    return dhcpFrame(
      message(now, [
        [OPTION.messageType, Uint8Array.of(DHCP_TYPE.request)],
        [OPTION.requestedAddress, Uint8Array.from(address.split('.'), Number)],
        [OPTION.server, Uint8Array.from(server.split('.'), Number)],
        [OPTION.leaseSeconds, seconds32(SHORT_LEASE)],
        [OPTION.parameters, ASKED_FOR],
      ]),
    );
  }

  function noteOffer(now: number, packet: DhcpPacket): void {
    const offer = offerIn(packet, now - begun);
    const isKnown = (one: Offer) => one.server === offer?.server && one.mac === offer.mac && one.relay === offer.relay;
    if (offer && !offers.some(isKnown)) offers.push(offer);
  }

  function noteRefusal(packet: DhcpPacket): void {
    const server = addressOption(packet.message, OPTION.server) ?? packet.source;
    const told: Refusal = { server, mac: packet.sourceMac, text: textOption(packet.message) };
    if (!requested || lease || refusal) return;
    if (requested.offer.server === server) refusal = told;
    else if (!meddlers.some((one) => one.server === server)) meddlers.push(told);
  }

  function noteAck({ message: answer }: DhcpPacket): void {
    if (!requested || refusal || lease) return;
    const { offer } = requested;
    const isOurs = addressOption(answer, OPTION.server) === offer.server && answer.yourAddress === offer.address;
    if (isOurs) lease = offer;
  }

  const isWaiting = () => requested !== undefined && !lease && !refusal;
  /** What looks like chance comes from the transaction's number, which is. */
  const jitter = () => (((transaction >>> (8 * (asked % 4))) & 0xff) / 0xff - 0.5) * 2 * JITTER_MS;
  const nextDiscover = (): number | undefined => {
    const again = selecting ? DISCOVER_AGAIN[asked - 1] : undefined;
    return again && again + jitter();
  };
  const nextRequest = () =>
    isWaiting() && requested ? (REQUEST_AGAIN[requested.sent - 1] ?? REQUEST_OVER) : undefined;
  let unacknowledged = false;

  return {
    offers,
    meddlers,
    get asked() {
      return asked;
    },
    get lease() {
      return lease;
    },
    get held() {
      return refusal ? undefined : requested?.offer;
    },
    get refusal() {
      return refusal;
    },
    get unacknowledged() {
      return unacknowledged;
    },
    get wakeAt() {
      const again = nextDiscover();
      if (again !== undefined) return begun + again;
      const request = nextRequest();
      return requested && request !== undefined && !unacknowledged ? requested.at + request : undefined;
    },
    discover(now) {
      begun = now;
      selecting = true;
      return [discovery(now)];
    },
    request(now, offer) {
      selecting = false;
      requested = { offer, at: now, sent: 1 };
      return [requestFor(now, offer)];
    },
    release(via) {
      if (!requested || refusal) return [];
      const { address, server } = requested.offer;
      lease = undefined;
      // It is over: what is not asked for again is not given again.
      requested = undefined;
      const options = [
        [OPTION.messageType, Uint8Array.of(DHCP_TYPE.release)],
        [OPTION.server, Uint8Array.from(server.split('.'), Number)],
      ] as const;
      const way = { destinationMac: via, source: address, destination: server };
      return [dhcpFrame(message(begun, options, address), way)];
    },
    hear(now, packet) {
      const { message: answer } = packet;
      if (answer.operation !== 2 || answer.transaction !== transaction || answer.clientMac !== mac) return;
      switch (typeOf(answer)) {
        case DHCP_TYPE.offer:
          noteOffer(now, packet);
          break;
        case DHCP_TYPE.ack:
          noteAck(packet);
          break;
        case DHCP_TYPE.nak:
          noteRefusal(packet);
          break;
      }
    },
    tick(now) {
      const again = nextDiscover();
      // Asked again only while nobody has offered: those who were heard need not be troubled.
      if (again !== undefined && now >= begun + again) {
        if (offers.length > 0) selecting = false;
        else return [discovery(now)];
      }
      const request = nextRequest();
      if (!requested || request === undefined || now < requested.at + request) return [];
      if (requested.sent > REQUEST_AGAIN.length) {
        unacknowledged = true;
        return [];
      }
      requested.sent += 1;
      return [requestFor(now, requested.offer)];
    },
  };
}
