import { buildEthernet, buildIpv4, ETHER_TYPE, IP_PROTOCOL } from '../../src/probes/frames.ts';
import { checksum } from '../../src/probes/octets.ts';
import { buildIcmpEcho, buildTcpSyn, buildUdp } from '../../src/probes/transport.ts';
import type { Packet } from '../../src/trace/packet.ts';
import { ADDRESS, MAC, type SentFrame } from './lab.ts';

/** A frame from station a to station b as the evaluator is to see it, and as it goes over the wire. */
export interface TestFrame extends SentFrame {
  readonly packet: Omit<Packet, 'inLink' | 'outLink' | 'physicalIn' | 'physicalOut'>;
}

export type FrameKind = 'udp' | 'tcp' | 'icmp' | 'established' | 'invalid' | 'related';

/** Ports of the UDP connection that station b has answered before the rules are there. */
const ESTABLISHED = { sourcePort: 5000, destinationPort: 6000 } as const;
const SYN = 0x02;
const ACK = 0x10;
const FLAGS_AT = 13;
const CHECKSUM_AT = 16;

/** Turns a SYN segment into a bare ACK, with the checksum mended (RFC 1624). */
function ackFrom(syn: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(syn);
  const view = new DataView(bytes.buffer);
  bytes[FLAGS_AT] = ACK;
  let sum = (~view.getUint16(CHECKSUM_AT) & 0xffff) + (~SYN & 0xffff) + ACK;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(CHECKSUM_AT, ~sum & 0xffff);
  return bytes;
}

/** "Port unreachable" about a packet of the established connection's other direction. */
function icmpError(inner: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from([3, 3, 0, 0, 0, 0, 0, 0, ...inner]);
  new DataView(bytes.buffer).setUint16(2, checksum(bytes));
  return bytes;
}

function wrap(by: 'bridge' | 'route', protocol: number, payload: Uint8Array): Uint8Array {
  const packet = buildIpv4({
    source: ADDRESS.a[by],
    destination: ADDRESS.b[by],
    protocol,
    timeToLive: 64,
    payload,
  });
  return buildEthernet({
    destination: by === 'bridge' ? MAC.b.bridge : MAC.router.a,
    source: MAC.a[by],
    etherType: ETHER_TYPE.ipv4,
    payload: packet,
  });
}

let counter = 0;

/** Builds a frame. Each belongs to a connection of its own, but for `established` and `related`. */
export function testFrame(kind: FrameKind, by: 'bridge' | 'route', destinationPort: number): TestFrame {
  counter += 1;
  const id = `<hayward-${String(counter).padStart(7, '0')}>`;
  const payload = new Uint8Array(Buffer.from(id));
  const ends = { source: ADDRESS.a[by], destination: ADDRESS.b[by] };
  const ports = kind === 'established' ? ESTABLISHED : { sourcePort: 10_000 + (counter % 50_000), destinationPort };
  const common = { family: 'ipv4', ...ends, mark: 0, sourceMac: MAC.a[by] } as const;
  switch (kind) {
    case 'udp':
    case 'established': {
      const ctState = kind === 'udp' ? 'NEW' : 'ESTABLISHED';
      const bytes = wrap(by, IP_PROTOCOL.udp, buildUdp({ ...ports, payload }, ends));
      return { id, by, bytes, packet: { ...common, ...ports, protocol: 'udp', ctState } };
    }
    case 'tcp':
    case 'invalid': {
      const syn = buildTcpSyn({ ...ports, sequence: counter, payload }, ends);
      const bytes = wrap(by, IP_PROTOCOL.tcp, kind === 'tcp' ? syn : ackFrom(syn));
      const state = kind === 'tcp' ? { ctState: 'NEW', tcpFlags: ['SYN'] } : { ctState: 'INVALID', tcpFlags: ['ACK'] };
      return { id, by, bytes, packet: { ...common, ...ports, protocol: 'tcp', ...(state as Pick<Packet, 'ctState'>) } };
    }
    case 'icmp': {
      const echo = buildIcmpEcho({ kind: 'request', identifier: counter & 0xffff, sequence: 1, payload });
      const packet = { ...common, protocol: 'icmp', icmpType: '8/0', ctState: 'NEW' } as const;
      return { id, by, bytes: wrap(by, IP_PROTOCOL.icmp, echo), packet };
    }
    case 'related': {
      const { sourcePort, destinationPort: port } = ESTABLISHED;
      const back = { source: ends.destination, destination: ends.source };
      const answer = buildUdp({ sourcePort: port, destinationPort: sourcePort, payload }, back);
      const inner = buildIpv4({ ...back, protocol: IP_PROTOCOL.udp, timeToLive: 64, payload: answer });
      const packet = { ...common, protocol: 'icmp', icmpType: '3/3', ctState: 'RELATED' } as const;
      return { id, by, bytes: wrap(by, IP_PROTOCOL.icmp, icmpError(inner)), packet };
    }
  }
}

/** Station b's answer on the established connection. */
export function answerFrame(): SentFrame {
  counter += 1;
  const id = `<hayward-${String(counter).padStart(7, '0')}>`;
  const back = { source: ADDRESS.b.bridge, destination: ADDRESS.a.bridge };
  const answer = buildUdp(
    {
      sourcePort: ESTABLISHED.destinationPort,
      destinationPort: ESTABLISHED.sourcePort,
      payload: new Uint8Array(Buffer.from(id)),
    },
    back,
  );
  const packet = buildIpv4({ ...back, protocol: IP_PROTOCOL.udp, timeToLive: 64, payload: answer });
  const macs = { destination: MAC.a.bridge, source: MAC.b.bridge };
  return { id, by: 'bridge', bytes: buildEthernet({ ...macs, etherType: ETHER_TYPE.ipv4, payload: packet }) };
}
