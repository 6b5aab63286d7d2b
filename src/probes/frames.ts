import { addressBytes, checksum, joined, macBytes, macText, viewOf } from './octets.ts';

/**
 * Frames as bytes, built and read. Pure. Parsers return `undefined` for what is not such a packet, and take lengths
 * from the packet's own headers, since Ethernet pads short frames to 60 bytes.
 */

export const ETHER_TYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  /** IEEE 802's local experimental EtherType 1: no kernel and no appliance gives it a meaning. */
  experimental: 0x88b5,
} as const;

export const IP_PROTOCOL = { icmp: 1, tcp: 6, udp: 17 } as const;

/** The shortest Ethernet frame without its checksum. */
const SHORTEST_FRAME = 60;
const ETHERNET_HEADER = 14;
const IPV4_HEADER = 20;
const ARP_PACKET = 28;

export interface Ethernet {
  /** Six bytes as `02:00:5e:10:00:01`. */
  readonly destination: string;
  readonly source: string;
  readonly etherType: number;
  readonly payload: Uint8Array;
}

/** ARP for IPv4 over Ethernet (RFC 826). */
export interface Arp {
  /** 1 asks, 2 answers. */
  readonly operation: number;
  readonly senderMac: string;
  readonly senderAddress: string;
  readonly targetMac: string;
  readonly targetAddress: string;
}

export interface Ipv4 {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly timeToLive: number;
  readonly payload: Uint8Array;
}

/** Padded with zeros to the shortest frame Ethernet carries, without the frame check sequence. */
export function buildEthernet(frame: Ethernet): Uint8Array {
  const bytes = new Uint8Array(Math.max(SHORTEST_FRAME, ETHERNET_HEADER + frame.payload.length));
  bytes.set(macBytes(frame.destination), 0);
  bytes.set(macBytes(frame.source), 6);
  viewOf(bytes).setUint16(12, frame.etherType);
  bytes.set(frame.payload, ETHERNET_HEADER);
  return bytes;
}

/** The payload keeps the padding: what follows knows its own length. */
export function parseEthernet(bytes: Uint8Array): Ethernet | undefined {
  if (bytes.length < ETHERNET_HEADER) return undefined;
  return {
    destination: macText(bytes.subarray(0, 6)),
    source: macText(bytes.subarray(6, 12)),
    etherType: viewOf(bytes).getUint16(12),
    payload: bytes.subarray(ETHERNET_HEADER),
  };
}

/** An ARP packet for IPv4 over Ethernet (RFC 826). */
export function buildArp(arp: Arp): Uint8Array {
  const bytes = new Uint8Array(ARP_PACKET);
  // Hardware Ethernet (1), protocol IPv4, address lengths 6 and 4.
  bytes.set([0, 1, 8, 0, 6, 4], 0);
  viewOf(bytes).setUint16(6, arp.operation);
  bytes.set(macBytes(arp.senderMac), 8);
  bytes.set(addressBytes(arp.senderAddress), 14);
  bytes.set(macBytes(arp.targetMac), 18);
  bytes.set(addressBytes(arp.targetAddress), 24);
  return bytes;
}

/** Undefined for what is not ARP for IPv4 over Ethernet. */
export function parseArp(bytes: Uint8Array): Arp | undefined {
  if (bytes.length < ARP_PACKET) return undefined;
  if (![0, 1, 8, 0, 6, 4].every((byte, at) => bytes[at] === byte)) return undefined;
  return {
    operation: viewOf(bytes).getUint16(6),
    senderMac: macText(bytes.subarray(8, 14)),
    senderAddress: bytes.subarray(14, 18).join('.'),
    targetMac: macText(bytes.subarray(18, 24)),
    targetAddress: bytes.subarray(24, 28).join('.'),
  };
}

/** One whole packet: no options, no fragments, "don't fragment" set. */
export function buildIpv4(packet: Ipv4): Uint8Array {
  const header = new Uint8Array(IPV4_HEADER);
  const view = viewOf(header);
  header[0] = 0x45;
  view.setUint16(2, IPV4_HEADER + packet.payload.length);
  view.setUint16(6, 0x4000);
  header[8] = packet.timeToLive;
  header[9] = packet.protocol;
  header.set(addressBytes(packet.source), 12);
  header.set(addressBytes(packet.destination), 16);
  view.setUint16(10, checksum(header));
  return joined(header, packet.payload);
}

/** Header options are skipped. A wrong header checksum, a cut packet or a later fragment is none. */
export function parseIpv4(bytes: Uint8Array): Ipv4 | undefined {
  const first = bytes[0];
  if (bytes.length < IPV4_HEADER || first === undefined || first >> 4 !== 4) return undefined;
  const headerLength = (first & 0x0f) * 4;
  const view = viewOf(bytes);
  const length = view.getUint16(2);
  if (headerLength < IPV4_HEADER || length < headerLength || length > bytes.length) return undefined;
  if ((view.getUint16(6) & 0x1fff) !== 0 || checksum(bytes.subarray(0, headerLength)) !== 0) return undefined;
  return {
    source: bytes.subarray(12, 16).join('.'),
    destination: bytes.subarray(16, 20).join('.'),
    protocol: view.getUint8(9),
    timeToLive: view.getUint8(8),
    payload: bytes.subarray(headerLength, length),
  };
}
