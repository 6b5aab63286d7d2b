import { IP_PROTOCOL } from './frames.ts';
import { addressBytes, checksum, joined, viewOf } from './octets.ts';

/** What IPv4 carries, as bytes: ICMP echo, UDP, TCP SYN. Pure; parsers return `undefined` for what is no such packet. */

const UDP_HEADER = 8;
const TCP_HEADER = 20;
const ICMP_HEADER = 8;
const TCP_SYN = 0x02;

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

/** An ICMP echo (RFC 792), its checksum filled in. */
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

/** Undefined for other ICMP, and where the checksum is wrong. */
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

/** A UDP datagram (RFC 768), its checksum filled in. */
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

/**
 * Undefined where the length or the checksum is wrong. A frame that never left its machine may carry a checksum that
 * the hardware was to fill in: its receiver is told so, and then it is not looked at.
 */
export function parseUdp(bytes: Uint8Array, addresses: Addresses, checksumReady = true): Udp | undefined {
  if (bytes.length < UDP_HEADER) return undefined;
  const view = viewOf(bytes);
  const length = view.getUint16(4);
  if (length < UDP_HEADER || length > bytes.length) return undefined;
  const packet = bytes.subarray(0, length);
  const isSummed = checksumReady && view.getUint16(6) !== 0;
  if (isSummed && transportChecksum(addresses, IP_PROTOCOL.udp, packet) !== 0) return undefined;
  return {
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    payload: packet.subarray(UDP_HEADER),
  };
}

/** A segment that opens a TCP connection (RFC 9293), without options. */
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
