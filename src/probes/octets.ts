/** Addresses and checksums as bytes, text and numbers: what every packet is made of. Pure. */

/** Six octets of `02:00:00:00:00:01`. Throws a TypeError for anything else. */
export function macBytes(mac: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) throw new TypeError(`not a MAC address: ${JSON.stringify(mac)}`);
  return Uint8Array.from(mac.split(':'), (octet) => Number.parseInt(octet, 16));
}

const HEX = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));

/** In lower case, with colons. */
export function macText(bytes: Uint8Array): string {
  let text = '';
  for (const octet of bytes) text += text === '' ? HEX[octet] : `:${HEX[octet]}`;
  return text;
}

/** Dotted decimal, four octets without leading zeros. */
export function isIpv4(address: string): boolean {
  const octets = address.split('.');
  return octets.length === 4 && octets.every((octet) => /^(0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255);
}

/** Four octets. Throws a TypeError for what is no IPv4 address. */
export function addressBytes(address: string): Uint8Array {
  if (!isIpv4(address)) throw new TypeError(`not an IPv4 address: ${JSON.stringify(address)}`);
  return Uint8Array.from(address.split('.'), Number);
}

/** Big-endian access to these bytes, wherever in their buffer they lie. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** An address as a number, for comparing ranges. */
export function addressNumber(address: string): number {
  if (!isIpv4(address)) throw new TypeError(`not an IPv4 address: ${JSON.stringify(address)}`);
  return address.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
}

/** The inverse of `addressNumber`. */
export function addressText(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.');
}

/** The internet checksum (RFC 1071): 0 over bytes that carry their own right checksum. */
export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
