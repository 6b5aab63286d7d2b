import { buildArp, buildEthernet, buildIpv4, ETHER_TYPE, IP_PROTOCOL } from '../frames.ts';
import { buildIcmpEcho, buildUdp } from '../transport.ts';
import { buildDhcp, type DhcpMessage, NO_ADDRESS } from './dhcp-message.ts';
import { DHCP_PORT } from './packet.ts';

/** The frames a probe's station sends. Pure. */

const BROADCAST_MAC = 'ff:ff:ff:ff:ff:ff';
const NO_MAC = '00:00:00:00:00:00';
const BROADCAST_ADDRESS = '255.255.255.255';

/** Asks who has `target`. With `sender` 0.0.0.0 it fills no neighbour's table (RFC 5227, 2.1.1). */
export function arpQuestion(mac: string, sender: string, target: string): Uint8Array {
  const payload = buildArp({
    operation: 1,
    senderMac: mac,
    senderAddress: sender,
    targetMac: NO_MAC,
    targetAddress: target,
  });
  return buildEthernet({ destination: BROADCAST_MAC, source: mac, etherType: ETHER_TYPE.arp, payload });
}

/** Answers somebody who asked for `address`. */
export function arpAnswer(mac: string, address: string, asker: { readonly mac: string; readonly address: string }) {
  const payload = buildArp({
    operation: 2,
    senderMac: mac,
    senderAddress: address,
    targetMac: asker.mac,
    targetAddress: asker.address,
  });
  return buildEthernet({ destination: asker.mac, source: mac, etherType: ETHER_TYPE.arp, payload });
}

export interface Way {
  readonly sourceMac: string;
  readonly destinationMac: string;
  readonly source: string;
  readonly destination: string;
}

function ipv4Frame(way: Way, protocol: number, payload: Uint8Array): Uint8Array {
  const { source, destination } = way;
  const packet = buildIpv4({ source, destination, protocol, timeToLive: 64, payload });
  return buildEthernet({
    destination: way.destinationMac,
    source: way.sourceMac,
    etherType: ETHER_TYPE.ipv4,
    payload: packet,
  });
}

/** A DHCP message from the client's port: broadcast, and from the client's own hardware address, unless a way is given. */
export function dhcpFrame(message: DhcpMessage, by: Partial<Way> = {}): Uint8Array {
  const way: Way = {
    sourceMac: message.clientMac,
    destinationMac: BROADCAST_MAC,
    source: NO_ADDRESS,
    destination: BROADCAST_ADDRESS,
    ...by,
  };
  const payload = buildDhcp(message);
  const datagram = { sourcePort: DHCP_PORT.client, destinationPort: DHCP_PORT.server, payload };
  return ipv4Frame(way, IP_PROTOCOL.udp, buildUdp(datagram, way));
}

export function echoFrame(way: Way, identifier: number, sequence: number): Uint8Array {
  const payload = new TextEncoder().encode('hayward VM network probe');
  return ipv4Frame(way, IP_PROTOCOL.icmp, buildIcmpEcho({ kind: 'request', identifier, sequence, payload }));
}
