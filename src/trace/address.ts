import ipaddr from 'ipaddr.js';

/** An address as a number, with its width: 32 bits or 128. */
export interface Address {
  readonly width: 32 | 128;
  readonly value: bigint;
}

/** Addresses `a` with `a & mask == network`. */
export interface Block {
  readonly width: 32 | 128;
  readonly network: bigint;
  readonly mask: bigint;
}

const DOT = 46;
const ZERO = 48;

/**
 * An IPv4 address as a number; undefined for anything that is not four numbers in their one form, without leading zeros.
 * Without a regular expression or a BigInt, for tables of tens of thousands of addresses.
 */
export function ipv4Number(text: string): number | undefined {
  let value = 0;
  let parts = 0;
  for (let at = 0; parts < 4; at += 1) {
    const start = at;
    let byte = 0;
    for (let digit = text.charCodeAt(at) - ZERO; digit >= 0 && digit <= 9; digit = text.charCodeAt(at) - ZERO) {
      byte = byte * 10 + digit;
      at += 1;
    }
    const length = at - start;
    if (length === 0 || length > 3 || byte > 255 || (length > 1 && text.charCodeAt(start) === ZERO)) return undefined;
    parts += 1;
    value = value * 256 + byte;
    if (parts === 4 ? at !== text.length : text.charCodeAt(at) !== DOT) return undefined;
  }
  return value;
}

/** Undefined for anything that is no plain IPv4 or IPv6 address. */
export function parseAddress(text: string): Address | undefined {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) return parseIpv4(text);
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text)) return undefined;
  const bytes = ipaddr.IPv6.parse(text).toByteArray();
  return { width: 128, value: bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n) };
}

function parseIpv4(text: string): Address | undefined {
  let value = 0;
  for (const part of text.split('.')) {
    const byte = Number(part);
    if (byte > 255) return undefined;
    value = value * 256 + byte;
  }
  return { width: 32, value: BigInt(value) };
}

/** A mask whose first `length` bits are set. */
export function prefixMask(length: number, width: 32 | 128): bigint {
  const all = (1n << BigInt(width)) - 1n;
  return all ^ (all >> BigInt(length));
}

/** `10.0.0.1`, `10.0.0.0/8`, `10.0.0.0/255.0.0.255` and the same for IPv6. Undefined for anything else. */
export function parseBlock(text: string): Block | undefined {
  const [first = '', second, more] = text.split('/');
  const address = parseAddress(first);
  if (!address || more !== undefined) return undefined;
  const mask = second === undefined ? prefixMask(address.width, address.width) : parseMask(second, address.width);
  return mask === undefined ? undefined : { width: address.width, network: address.value & mask, mask };
}

function parseMask(text: string, width: 32 | 128): bigint | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= width ? prefixMask(Number(text), width) : undefined;
  const mask = parseAddress(text);
  return mask?.width === width ? mask.value : undefined;
}

/** False across address families. */
export function inBlock(address: Address, block: Block): boolean {
  return address.width === block.width && (address.value & block.mask) === block.network;
}
