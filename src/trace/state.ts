import { type Bits, joinBits, knownBits, UNKNOWN_BITS } from './bits.ts';
import type { Packet } from './packet.ts';
import type { Tri } from './tri.ts';

/** What rules can change of a packet, as far as it is known at one point of its way. */
export interface PacketState {
  readonly mark: Bits;
  readonly connmark: Bits;
  readonly ctState: Packet['ctState'] | undefined;
  readonly source: string | undefined;
  readonly destination: string | undefined;
  readonly sourcePort: number | undefined;
  readonly destinationPort: number | undefined;
  /** The connection's source (destination) is translated. */
  readonly snat: Tri;
  readonly dnat: Tri;
}

/** A connection's first packet starts with connmark 0 and no translation; of any other connection's we know neither. */
export function stateOf(packet: Packet): PacketState {
  const fresh = packet.ctState === 'NEW';
  const connected = fresh || packet.ctState === 'ESTABLISHED' || packet.ctState === 'RELATED';
  const translated = connected && !fresh ? 'maybe' : 'no';
  return {
    mark: knownBits(packet.mark),
    connmark: fresh ? knownBits(0) : UNKNOWN_BITS,
    ctState: packet.ctState,
    source: packet.source,
    destination: packet.destination,
    sourcePort: packet.sourcePort,
    destinationPort: packet.destinationPort,
    snat: translated,
    dnat: translated,
  };
}

/** What is known of a packet that is in one state or the other. */
export function joinStates(a: PacketState, b: PacketState): PacketState {
  if (a === b) return a;
  return {
    mark: joinBits(a.mark, b.mark),
    connmark: joinBits(a.connmark, b.connmark),
    ctState: same(a.ctState, b.ctState),
    source: same(a.source, b.source),
    destination: same(a.destination, b.destination),
    sourcePort: same(a.sourcePort, b.sourcePort),
    destinationPort: same(a.destinationPort, b.destinationPort),
    snat: a.snat === b.snat ? a.snat : 'maybe',
    dnat: a.dnat === b.dnat ? a.dnat : 'maybe',
  };
}

function same<T>(a: T | undefined, b: T | undefined): T | undefined {
  return a === b ? a : undefined;
}

/** Equal for two states that no rule can tell apart. */
export function keyOf(state: PacketState): string {
  const { mark, connmark, ctState, source, destination, sourcePort, destinationPort, snat, dnat } = state;
  return [
    mark.value,
    mark.unknown,
    connmark.value,
    connmark.unknown,
    ctState,
    source,
    destination,
    sourcePort,
    destinationPort,
    snat,
    dnat,
  ].join(' ');
}
