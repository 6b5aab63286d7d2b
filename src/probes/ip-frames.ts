import { buildEthernet, buildIpv4, ETHER_TYPE, IP_PROTOCOL } from './frames.ts';
import { buildIcmpEcho, buildTcpSyn, buildUdp } from './transport.ts';

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
