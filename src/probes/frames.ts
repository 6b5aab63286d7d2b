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
const UDP_HEADER = 8;
const TCP_HEADER = 20;
const ICMP_HEADER = 8;
const ARP_PACKET = 28;
const TCP_SYN = 0x02;

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

export interface IcmpEcho {
  readonly kind: 'request' | 'reply';
  readonly identifier: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

export interface Udp {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload: Uint8Array;
}

/** A TCP segment that opens a connection. Data in it is legal (RFC 9293, 3.4) and reaches nobody here. */
export interface TcpSyn {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** The two addresses UDP and TCP put into their checksum. */
export interface Addresses {
  readonly source: string;
  readonly destination: string;
}

export function macBytes(mac: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) throw new TypeError(`not a MAC address: ${JSON.stringify(mac)}`);
  return Uint8Array.from(mac.split(':'), (octet) => Number.parseInt(octet, 16));
}

export function macText(bytes: Uint8Array): string {
  return Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join(':');
}

export function isIpv4(address: string): boolean {
  const octets = address.split('.');
  return octets.length === 4 && octets.every((octet) => /^(0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255);
}

function addressBytes(address: string): Uint8Array {
  if (!isIpv4(address)) throw new TypeError(`not an IPv4 address: ${JSON.stringify(address)}`);
  return Uint8Array.from(address.split('.'), Number);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The internet checksum (RFC 1071): 0 over bytes that carry their own right checksum. */
export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

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

export function buildIcmpEcho(echo: IcmpEcho): Uint8Array {
  const bytes = new Uint8Array(ICMP_HEADER + echo.payload.length);
  const view = viewOf(bytes);
  bytes[0] = echo.kind === 'request' ? 8 : 0;
  view.setUint16(4, echo.identifier);
  view.setUint16(6, echo.sequence);
  bytes.set(echo.payload, ICMP_HEADER);
  view.setUint16(2, checksum(bytes));
  return bytes;
}

export function parseIcmpEcho(bytes: Uint8Array): IcmpEcho | undefined {
  if (bytes.length < ICMP_HEADER || (bytes[0] !== 8 && bytes[0] !== 0) || bytes[1] !== 0) return undefined;
  if (checksum(bytes) !== 0) return undefined;
  const view = viewOf(bytes);
  return {
    kind: bytes[0] === 8 ? 'request' : 'reply',
    identifier: view.getUint16(4),
    sequence: view.getUint16(6),
    payload: bytes.subarray(ICMP_HEADER),
  };
}

/** The checksum of a UDP or TCP packet together with its pseudo header (RFC 768, RFC 9293). */
function transportChecksum(addresses: Addresses, protocol: number, bytes: Uint8Array): number {
  const pseudo = new Uint8Array(12);
  pseudo.set(addressBytes(addresses.source), 0);
  pseudo.set(addressBytes(addresses.destination), 4);
  pseudo[9] = protocol;
  viewOf(pseudo).setUint16(10, bytes.length);
  return checksum(joined(pseudo, bytes));
}

export function buildUdp(udp: Udp, addresses: Addresses): Uint8Array {
  const bytes = new Uint8Array(UDP_HEADER + udp.payload.length);
  const view = viewOf(bytes);
  view.setUint16(0, udp.sourcePort);
  view.setUint16(2, udp.destinationPort);
  view.setUint16(4, bytes.length);
  bytes.set(udp.payload, UDP_HEADER);
  // 0 means "no checksum" in UDP, so a sum of 0 travels as its other form.
  view.setUint16(6, transportChecksum(addresses, IP_PROTOCOL.udp, bytes) || 0xffff);
  return bytes;
}

export function parseUdp(bytes: Uint8Array, addresses: Addresses): Udp | undefined {
  if (bytes.length < UDP_HEADER) return undefined;
  const view = viewOf(bytes);
  const length = view.getUint16(4);
  if (length < UDP_HEADER || length > bytes.length) return undefined;
  const packet = bytes.subarray(0, length);
  if (view.getUint16(6) !== 0 && transportChecksum(addresses, IP_PROTOCOL.udp, packet) !== 0) return undefined;
  return {
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    payload: packet.subarray(UDP_HEADER),
  };
}

export function buildTcpSyn(syn: TcpSyn, addresses: Addresses): Uint8Array {
  const bytes = new Uint8Array(TCP_HEADER + syn.payload.length);
  const view = viewOf(bytes);
  view.setUint16(0, syn.sourcePort);
  view.setUint16(2, syn.destinationPort);
  view.setUint32(4, syn.sequence);
  bytes[12] = (TCP_HEADER / 4) << 4;
  bytes[13] = TCP_SYN;
  view.setUint16(14, 0xffff);
  bytes.set(syn.payload, TCP_HEADER);
  view.setUint16(16, transportChecksum(addresses, IP_PROTOCOL.tcp, bytes));
  return bytes;
}

/** Only a segment with SYN and no other flag. */
export function parseTcpSyn(bytes: Uint8Array, addresses: Addresses): TcpSyn | undefined {
  if (bytes.length < TCP_HEADER || bytes[13] !== TCP_SYN) return undefined;
  const view = viewOf(bytes);
  const headerLength = (view.getUint8(12) >> 4) * 4;
  if (headerLength < TCP_HEADER || headerLength > bytes.length) return undefined;
  if (transportChecksum(addresses, IP_PROTOCOL.tcp, bytes) !== 0) return undefined;
  return {
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    sequence: view.getUint32(4),
    payload: bytes.subarray(headerLength),
  };
}
