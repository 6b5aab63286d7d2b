import {
  buildEthernet,
  buildIcmpEcho,
  buildIpv4,
  buildTcpSyn,
  buildUdp,
  ETHER_TYPE,
  IP_PROTOCOL,
  isIpv4,
} from './frames.ts';

/** The IPv4 packets a probe sends: one of each protocol that rules usually tell apart. */
export type IpKind = 'icmp' | 'udp' | 'tcp';

/** From where to where: addresses of the frame and of the packet in it. */
export interface Journey {
  readonly sourceMac: string;
  readonly destinationMac: string;
  readonly source: string;
  readonly destination: string;
}

/** A high source port to HTTP's port, so that the packet looks like the start of an ordinary connection. */
const PORTS = { sourcePort: 40_000, destinationPort: 80 };

function packetOf(kind: IpKind, ends: { readonly source: string; readonly destination: string }, payload: Uint8Array) {
  switch (kind) {
    case 'icmp':
      return buildIcmpEcho({ kind: 'request', identifier: 0x6877, sequence: 1, payload });
    case 'udp':
      return buildUdp({ ...PORTS, payload }, ends);
    case 'tcp':
      return buildTcpSyn({ ...PORTS, sequence: 1, payload }, ends);
  }
}

/** An Ethernet frame with an echo request, a UDP datagram or a TCP SYN that carries `payload`. */
export function ipFrame(kind: IpKind, journey: Journey, payload: Uint8Array): Uint8Array {
  const { source, destination } = journey;
  const packet = buildIpv4({
    source,
    destination,
    protocol: IP_PROTOCOL[kind],
    timeToLive: 64,
    payload: packetOf(kind, journey, payload),
  });
  return buildEthernet({
    destination: journey.destinationMac,
    source: journey.sourceMac,
    etherType: ETHER_TYPE.ipv4,
    payload: packet,
  });
}

/** An address as a number, for comparing ranges. */
export function addressNumber(address: string): number {
  if (!isIpv4(address)) throw new TypeError(`not an IPv4 address: ${JSON.stringify(address)}`);
  return address.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
}

export function addressText(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.');
}

/** First address of the upper half of 198.18.0.0/15, RFC 2544's test range; the lower half is what proxies with "fake IPs" take. */
const TEST_RANGE = 0xc6130000;
const TEST_RANGE_BLOCKS = 0x10000 / 4;

/** The first address of a block of four (a /30) of the test range, picked by a number of any size. */
export function testBlock(pick: number): number {
  return TEST_RANGE + (pick % TEST_RANGE_BLOCKS) * 4;
}
