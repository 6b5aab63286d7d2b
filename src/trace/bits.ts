import type { Tri } from './tri.ts';

/** 32 bits of which some may not be known; unknown bits are 0 in `value`. Both unsigned. */
export interface Bits {
  readonly value: number;
  readonly unknown: number;
}

export const UNKNOWN_BITS: Bits = { value: 0, unknown: 0xffffffff };

function bits(value: number, unknown: number): Bits {
  return { value: (value & ~unknown) >>> 0, unknown: unknown >>> 0 };
}

/** A value of which every bit is known. */
export function knownBits(value: number): Bits {
  return bits(value, 0);
}

/** `a & mask` */
export function andBits(a: Bits, mask: number): Bits {
  return bits(a.value & mask, a.unknown & mask);
}

/** `a | mask` */
export function orBits(a: Bits, mask: number): Bits {
  return bits(a.value | mask, a.unknown & ~mask);
}

/** `a ^ b` */
export function xorBits(a: Bits, b: Bits): Bits {
  return bits(a.value ^ b.value, a.unknown | b.unknown);
}

/** What is known of a value that is one or the other. */
export function joinBits(a: Bits, b: Bits): Bits {
  return bits(a.value, a.unknown | b.unknown | (a.value ^ b.value));
}

/** `(a & mask) == value` */
export function matchBits(a: Bits, value: number, mask: number): Tri {
  const open = a.unknown & mask;
  if ((((a.value & mask) ^ value) & ~open) !== 0) return 'no';
  return open === 0 ? 'yes' : 'maybe';
}
