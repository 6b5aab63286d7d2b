import { buildArp, buildEthernet, buildIpv4, ETHER_TYPE, IP_PROTOCOL } from '../frames.ts';
import { buildIcmpEcho, buildUdp } from '../transport.ts';
import { buildDhcp, DHCP_TYPE, type DhcpMessage, NO_ADDRESS, OPTION, typeOf } from './dhcp-message.ts';
import type { Place, ProbeFacts, ProbeMachine, Sending } from './machine.ts';
import { DHCP_PORT, type DhcpPacket, decode, type Packet, tagged } from './packet.ts';

/** A network in the mind: stations that answer a probe's frames after a while. Time goes from event to event. */

/** What comes back for a frame of the probe's. */
export interface Reply {
  readonly afterMs: number;
  readonly frame: Uint8Array;
  readonly place?: Place;
  readonly outgoing?: boolean;
}

export type SimulatedStation = (packet: Packet, place: Place, frame: Uint8Array) => readonly Reply[];

export interface Ran {
  readonly facts: ProbeFacts;
  readonly endedAt: number;
  /** What the probe sent, decoded, with the time. */
  readonly sent: readonly { readonly at: number; readonly place: Place; readonly packet: Packet }[];
}

const STEPS = 10_000;

/** Runs a machine to its end, or to `until`, when it is stopped. `unasked` comes in by itself, at its times. */
export function simulate(
  machine: ProbeMachine,
  stations: readonly SimulatedStation[],
  {
    until = Number.POSITIVE_INFINITY,
    unasked = [],
  }: { readonly until?: number; readonly unasked?: readonly Reply[] } = {},
): Ran {
  const start = 1_000_000;
  let now = start;
  let pending = unasked.map((reply) => ({ at: start + reply.afterMs, reply }));
  const sent: { at: number; place: Place; packet: Packet }[] = [];

  function deliver(sendings: readonly Sending[]): void {
    for (const { place, frame } of sendings) {
      const packet = decode({ bytes: frame, outgoing: true, checksumReady: true });
      if (!packet) throw new Error('the probe sent what it cannot read itself');
      sent.push({ at: now - start, place, packet });
      const replies = stations.flatMap((station) => station(packet, place, frame));
      pending = [...pending, ...replies.map((reply) => ({ at: now + reply.afterMs, reply }))];
    }
  }

  deliver(machine.start(now));
  for (let step = 0; !machine.over; step += 1) {
    if (step > STEPS) throw new Error('the machine does not come on');
    pending.sort((a, b) => a.at - b.at);
    const [first] = pending;
    const next = Math.min(first?.at ?? Number.POSITIVE_INFINITY, machine.wakeAt, start + until);
    if (next === Number.POSITIVE_INFINITY) throw new Error('the machine waits for nothing');
    now = Math.max(now, next);
    if (now >= start + until) deliver(machine.stop(now));
    else if (first && first.at <= now) {
      pending = pending.slice(1);
      const { frame, place = { at: 'station' }, outgoing = false } = first.reply;
      deliver(machine.hear(now, place, { bytes: frame, outgoing, checksumReady: true }));
    } else deliver(machine.tick(now));
  }
  return { facts: machine.facts(), endedAt: now - start, sent };
}

export interface DhcpServerOptions {
  readonly mac: string;
  readonly address: string;
  readonly offers: string;
  readonly gateway?: string;
  readonly mask?: readonly number[];
  /** How long an offer takes; the answer to a REQUEST takes two milliseconds. */
  readonly offerAfterMs?: number;
  readonly onRequest?: 'ack' | 'nak' | 'silence';
  readonly relay?: string;
  /** Answers only what was asked at an uplink, or only at the station. */
  readonly hears?: Place['at'];
  /** Answers in another VLAN than it was asked in. */
  readonly answersIn?: number;
}

const bytesOf = (address: string): Uint8Array => Uint8Array.from(address.split('.'), Number);

/** A frame with a DHCP message from a server to a client. */
export function serverFrame(
  message: DhcpMessage,
  from: { readonly mac: string; readonly address: string },
): Uint8Array {
  const ends = { source: from.address, destination: '255.255.255.255' };
  const datagram = { sourcePort: DHCP_PORT.server, destinationPort: DHCP_PORT.client, payload: buildDhcp(message) };
  return buildEthernet({
    destination: message.clientMac,
    source: from.mac,
    etherType: ETHER_TYPE.ipv4,
    payload: buildIpv4({ ...ends, protocol: IP_PROTOCOL.udp, timeToLive: 64, payload: buildUdp(datagram, ends) }),
  });
}

/** The answer of a server to a client's message. */
export function serverMessage(asked: DhcpMessage, type: number, options: DhcpServerOptions): DhcpMessage {
  return {
    ...asked,
    operation: 2,
    yourAddress: type === DHCP_TYPE.nak ? NO_ADDRESS : options.offers,
    relayAddress: options.relay ?? NO_ADDRESS,
    options: new Map([
      [OPTION.messageType, Uint8Array.of(type)],
      [OPTION.server, bytesOf(options.address)],
      [OPTION.subnetMask, Uint8Array.from(options.mask ?? [255, 255, 255, 0])],
      [OPTION.leaseSeconds, Uint8Array.of(0, 0, 0, 120)],
      ...(options.gateway === undefined ? [] : ([[OPTION.routers, bytesOf(options.gateway)]] as const)),
    ]),
  };
}

function isMine({ message }: DhcpPacket, address: string): boolean {
  return message.options.get(OPTION.server)?.join('.') === address;
}

export function dhcpServer(options: DhcpServerOptions): SimulatedStation {
  const { address, offerAfterMs = 2, onRequest = 'ack', hears } = options;
  return (packet, place) => {
    if (packet.kind !== 'dhcp' || (hears !== undefined && place.at !== hears)) return [];
    const reply = (type: number): readonly Reply[] => {
      const frame = serverFrame(serverMessage(packet.message, type, options), options);
      const bytes = options.answersIn === undefined ? frame : tagged(frame, options.answersIn);
      return [{ afterMs: type === DHCP_TYPE.offer ? offerAfterMs : 2, frame: bytes, place }];
    };
    const type = typeOf(packet.message);
    if (type === DHCP_TYPE.discover) return reply(DHCP_TYPE.offer);
    if (type !== DHCP_TYPE.request || !isMine(packet, address) || onRequest === 'silence') return [];
    return reply(onRequest === 'ack' ? DHCP_TYPE.ack : DHCP_TYPE.nak);
  };
}

export interface HostOptions {
  readonly mac: string;
  readonly address: string;
  readonly afterMs?: number;
  /** Whether the n-th echo request (from 1) is answered; all, when left out. */
  readonly answers?: (nth: number) => boolean;
  readonly hears?: Place['at'];
}

/** A host: answers ARP, and echo requests. */
export function host({ mac, address, afterMs = 1, answers = () => true, hears }: HostOptions): SimulatedStation {
  let pings = 0;
  return (packet, place) => {
    if (hears !== undefined && place.at !== hears) return [];
    if (packet.kind === 'arp' && packet.arp.operation === 1 && packet.arp.targetAddress === address) {
      const { senderMac: targetMac, senderAddress: targetAddress } = packet.arp;
      const payload = buildArp({ operation: 2, senderMac: mac, senderAddress: address, targetMac, targetAddress });
      const ends = { destination: targetMac, source: mac };
      const frame = buildEthernet({ ...ends, etherType: ETHER_TYPE.arp, payload });
      return [{ afterMs, frame: tagged(frame, place.at === 'uplink' ? packet.vlan : 0), place }];
    }
    if (packet.kind !== 'echo' || packet.destination !== address || packet.destinationMac !== mac) return [];
    pings += 1;
    if (!answers(pings)) return [];
    const payload = buildIpv4({
      source: address,
      destination: packet.source,
      protocol: IP_PROTOCOL.icmp,
      timeToLive: 64,
      payload: buildIcmpEcho({ ...packet.echo, kind: 'reply' }),
    });
    const ends = { destination: packet.sourceMac, source: mac };
    return [{ afterMs, frame: buildEthernet({ ...ends, etherType: ETHER_TYPE.ipv4, payload }), place }];
  };
}
