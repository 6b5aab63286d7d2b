import { checksum, viewOf } from '../octets.ts';
import { tagged } from './packet.ts';

/** Damages frames as a network, and an enemy in it, would. Deterministic by its seed. */

/** A small generator of numbers (mulberry32), so that a failure can be had again by its seed. */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const HEADER = 14;
const UDP = 17;
const ICMP = 1;

type Random = (below: number) => number;

const flip = (bytes: Uint8Array, random: Random): Uint8Array => {
  for (let n = 1 + random(4); n > 0; n -= 1) bytes[random(bytes.length)] = random(256);
  return bytes;
};
/** Lengths and counts are where decoders run over the end. */
const extreme = (bytes: Uint8Array, random: Random): Uint8Array => {
  bytes[random(bytes.length)] = [0, 1, 0x7f, 0x80, 0xff][random(5)] ?? 0;
  return bytes;
};
const cut = (bytes: Uint8Array, random: Random): Uint8Array => bytes.slice(0, random(bytes.length + 1));
const grow = (bytes: Uint8Array, random: Random): Uint8Array => {
  const longer = new Uint8Array(bytes.length + random(64));
  longer.set(bytes);
  return longer;
};
const splice = (bytes: Uint8Array, random: Random): Uint8Array => {
  const from = random(bytes.length);
  bytes.copyWithin(random(bytes.length), from, from + random(40));
  return bytes;
};

const CHANGES = [flip, flip, extreme, extreme, cut, grow, splice];

/** Puts the checksums right again, so that the damage is met further in. */
function summed(bytes: Uint8Array): Uint8Array {
  const view = viewOf(bytes);
  const headerBytes = ((bytes[HEADER] ?? 0) & 0x0f) * 4;
  if (bytes.length < HEADER + 20 || view.getUint16(12) !== 0x0800 || headerBytes < 20) return bytes;
  const start = HEADER + headerBytes;
  if (bytes.length < start + 8) return bytes;
  view.setUint16(HEADER + 10, 0);
  view.setUint16(HEADER + 10, checksum(bytes.subarray(HEADER, start)));
  const end = Math.min(bytes.length, HEADER + view.getUint16(HEADER + 2));
  // UDP may do without: zero says so.
  if (bytes[HEADER + 9] === UDP) view.setUint16(start + 6, 0);
  if (bytes[HEADER + 9] === ICMP && end > start + 4) {
    view.setUint16(start + 2, 0);
    view.setUint16(start + 2, checksum(bytes.subarray(start, end)));
  }
  return bytes;
}

/** A damaged copy. */
export function mutated(frame: Uint8Array, random: Random): Uint8Array {
  let bytes: Uint8Array = Uint8Array.from(frame);
  for (let n = 1 + random(3); n > 0 && bytes.length > 0; n -= 1) {
    bytes = Uint8Array.from((CHANGES[random(CHANGES.length)] ?? flip)(bytes, random));
  }
  if (random(2) === 0) bytes = summed(bytes);
  return bytes.length >= HEADER && random(4) === 0 ? tagged(bytes, 1 + random(4094)) : bytes;
}
