import { type Arp, ETHER_TYPE, IP_PROTOCOL, type Ipv4, parseArp, parseEthernet, parseIpv4 } from '../frames.ts';
import { viewOf } from '../octets.ts';
import { type IcmpEcho, parseIcmpEcho, parseUdp } from '../transport.ts';
import { type DhcpMessage, parseDhcp } from './dhcp-message.ts';

/** A frame as a raw socket tells it: its bytes, and what the kernel knows beside them. */
export interface SeenFrame {
  readonly bytes: Uint8Array;
  readonly tag?: { readonly protocol: number; readonly control: number };
  readonly outgoing: boolean;
  readonly checksumReady: boolean;
}

/** Between whom. */
interface Envelope {
  readonly sourceMac: string;
  readonly destinationMac: string;
  /** 0 for a frame without a tag, or with one that only gives a priority. */
  readonly vlan: number;
}

export interface ArpPacket extends Envelope {
  readonly kind: 'arp';
  readonly arp: Arp;
}

export interface DhcpPacket extends Envelope {
  readonly kind: 'dhcp';
  readonly source: string;
  readonly destination: string;
  readonly message: DhcpMessage;
}

export interface EchoPacket extends Envelope {
  readonly kind: 'echo';
  readonly source: string;
  readonly destination: string;
  readonly echo: IcmpEcho;
}

export type Packet = ArpPacket | DhcpPacket | EchoPacket;

export const DHCP_PORT = { server: 67, client: 68 } as const;

const VLAN_MASK = 0x0fff;
const TAG_BYTES = 4;
/** IEEE 802.1Q and 802.1ad (service tags). */
const TAG_PROTOCOLS: readonly number[] = [0x8100, 0x88a8];
const TAG_AT = 12;

interface Untagged {
  readonly bytes: Uint8Array;
  readonly vlan: number;
}

/** Takes off the tag, wherever it is told. Undefined for a frame with two, which is nobody's VLAN here. */
function untagged({ bytes, tag }: SeenFrame): Untagged | undefined {
  const inside = bytes.length >= TAG_AT + TAG_BYTES ? viewOf(bytes).getUint16(TAG_AT) : 0;
  if (!TAG_PROTOCOLS.includes(inside)) return { bytes, vlan: (tag?.control ?? 0) & VLAN_MASK };
  if (tag) return undefined;
  const rest = new Uint8Array(bytes.length - TAG_BYTES);
  rest.set(bytes.subarray(0, TAG_AT));
  rest.set(bytes.subarray(TAG_AT + TAG_BYTES), TAG_AT);
  return { bytes: rest, vlan: viewOf(bytes).getUint16(TAG_AT + 2) & VLAN_MASK };
}

/** What a probe understands of a frame: ARP, DHCP, ICMP echo; undefined for everything else and for what is damaged. */
export function decode(frame: SeenFrame): Packet | undefined {
  const bare = untagged(frame);
  const ethernet = bare && parseEthernet(bare.bytes);
  if (!ethernet) return undefined;
  const { source: sourceMac, destination: destinationMac, etherType, payload } = ethernet;
  const envelope = { sourceMac, destinationMac, vlan: bare.vlan };
  if (etherType === ETHER_TYPE.arp) {
    const arp = parseArp(payload);
    return arp && { ...envelope, kind: 'arp', arp };
  }
  const packet = etherType === ETHER_TYPE.ipv4 ? parseIpv4(payload) : undefined;
  const body = packet && bodyOf(packet, frame.checksumReady);
  return body && { ...envelope, source: packet.source, destination: packet.destination, ...body };
}

type Body = Pick<DhcpPacket, 'kind' | 'message'> | Pick<EchoPacket, 'kind' | 'echo'>;

function bodyOf(packet: Ipv4, checksumReady: boolean): Body | undefined {
  if (packet.protocol === IP_PROTOCOL.icmp) {
    const echo = parseIcmpEcho(packet.payload);
    return echo && { kind: 'echo', echo };
  }
  if (packet.protocol !== IP_PROTOCOL.udp) return undefined;
  const udp = parseUdp(packet.payload, packet, checksumReady);
  if (!udp) return undefined;
  const ports: readonly number[] = Object.values(DHCP_PORT);
  if (!ports.includes(udp.sourcePort) || !ports.includes(udp.destinationPort)) return undefined;
  const message = parseDhcp(udp.payload);
  return message && { kind: 'dhcp', message };
}

/** Puts a tag among a frame's bytes; VLAN 0 is no tag. */
export function tagged(frame: Uint8Array, vlan: number): Uint8Array {
  if (vlan === 0) return frame;
  const bytes = new Uint8Array(frame.length + TAG_BYTES);
  bytes.set(frame.subarray(0, TAG_AT));
  const view = viewOf(bytes);
  view.setUint16(TAG_AT, TAG_PROTOCOLS[0] ?? 0);
  view.setUint16(TAG_AT + 2, vlan);
  bytes.set(frame.subarray(TAG_AT), TAG_AT + TAG_BYTES);
  return bytes;
}
