/** A packet mark with the bits that count. */
export interface Masked {
  readonly value: number;
  readonly mask: number;
}

export const ALL_BITS = 0xffffffff;

/** `0x1`, `0x1/0x3` or `1`: 32 bits, unsigned. Undefined when it is none. */
export function parseMark(text: string | undefined): Masked | undefined {
  const [value, mask, more] = (text ?? '').split('/');
  const bits = parseBits(value);
  const masked = mask === undefined ? ALL_BITS : parseBits(mask);
  if (bits === undefined || masked === undefined || more !== undefined) return undefined;
  return { value: bits, mask: masked };
}

/** A 32-bit number, decimal or with `0x`; undefined for anything else. */
export function parseBits(text: string | undefined): number | undefined {
  if (text === undefined || !/^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text)) return undefined;
  const value = Number(text);
  return value <= ALL_BITS ? value : undefined;
}
