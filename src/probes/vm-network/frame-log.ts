import {
  addressOption,
  DHCP_TYPE,
  type DhcpMessage,
  gatewayOf,
  NO_ADDRESS,
  numberOption,
  OPTION,
  textOption,
  typeOf,
} from './dhcp-message.ts';
import type { Place } from './machine.ts';
import { type ArpPacket, type DhcpPacket, decode, type EchoPacket, type Packet } from './packet.ts';

/** A frame that was sent or seen, in words that need no translation. */
export interface LoggedFrame {
  /** From the probe's start. */
  readonly atMs: number;
  /** `station`, or the uplink's name. */
  readonly at: string;
  readonly direction: 'in' | 'out';
  /** 0 for untagged. */
  readonly vlan: number;
  readonly sourceMac: string;
  readonly destinationMac: string;
  readonly text: string;
}

export interface FrameLog {
  begin(now: number): void;
  sent(now: number, place: Place, frame: Uint8Array): void;
  seen(now: number, place: Place, packet: Packet, outgoing: boolean): void;
  frames(): readonly LoggedFrame[];
}

/** More than any probe sends and is answered; a neighbour who keeps answering must not fill memory. */
const MOST = 400;

export function frameLog(): FrameLog {
  const frames: LoggedFrame[] = [];
  let begun = 0;
  function note(now: number, place: Place, packet: Packet, direction: 'in' | 'out'): void {
    if (frames.length >= MOST) return;
    const at = place.at === 'station' ? 'station' : place.name;
    const { vlan, sourceMac, destinationMac } = packet;
    const atMs = Math.round(now - begun);
    frames.push({ atMs, at, direction, vlan, sourceMac, destinationMac, text: wordsOf(packet) });
  }
  return {
    begin(now) {
      begun = now;
    },
    sent(now, place, bytes) {
      const packet = decode({ bytes, outgoing: true, checksumReady: true });
      if (packet) note(now, place, packet, 'out');
    },
    seen: (now, place, packet, outgoing) => note(now, place, packet, outgoing ? 'out' : 'in'),
    frames: () => [...frames],
  };
}

/** A frame in one line, as tcpdump would word it. */
export function wordsOf(packet: Packet): string {
  switch (packet.kind) {
    case 'arp':
      return arpWords(packet);
    case 'dhcp':
      return dhcpWords(packet);
    case 'echo':
      return echoWords(packet);
  }
}

function arpWords({ arp }: ArpPacket): string {
  if (arp.operation === 1) return `ARP who has ${arp.targetAddress}? tell ${arp.senderAddress}`;
  return `ARP ${arp.senderAddress} is at ${arp.senderMac}`;
}

function echoWords({ echo, source, destination }: EchoPacket): string {
  return `ICMP echo ${echo.kind} ${echo.sequence}, ${source} > ${destination}`;
}

const NAMES = new Map(Object.entries(DHCP_TYPE).map(([name, number]) => [number as number, name.toUpperCase()]));

function dhcpWords({ message, source, destination }: DhcpPacket): string {
  const type = typeOf(message);
  const name = NAMES.get(type ?? 0) ?? `type ${type ?? 'missing'}`;
  return [`DHCP ${name}`, `${source} > ${destination}`, ...detailsOf(message)].join(', ');
}

function detailsOf(message: DhcpMessage): readonly string[] {
  const given = message.yourAddress === NO_ADDRESS ? undefined : message.yourAddress;
  const relay = message.relayAddress === NO_ADDRESS ? undefined : message.relayAddress;
  const lease = numberOption(message, OPTION.leaseSeconds);
  const details = {
    gives: given,
    asks: addressOption(message, OPTION.requestedAddress),
    server: addressOption(message, OPTION.server),
    relay,
    mask: addressOption(message, OPTION.subnetMask),
    router: gatewayOf(message),
    lease: lease === undefined ? undefined : `${lease} s`,
    says: textOption(message) || undefined,
  };
  return Object.entries(details).flatMap(([key, value]) => (value === undefined ? [] : [`${key} ${value}`]));
}
