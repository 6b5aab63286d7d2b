import { addressNumber, addressText, isIpv4 } from '../octets.ts';

/** An IPv4 network. */
export interface Network {
  /** Its first address, as a number. */
  readonly first: number;
  readonly prefix: number;
}

/** Undefined for what is no CIDR with a prefix of 1 to 32. Host bits are forgiven: Harvester takes "192.168.1.7/24" too. */
export function parseCidr(text: string): Network | undefined {
  const [, address = '', digits = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? [];
  const prefix = Number(digits);
  if (!isIpv4(address) || digits === '' || prefix < 1 || prefix > 32) return undefined;
  return networkOf(address, prefix);
}

export function networkOf(address: string, prefix: number): Network {
  const size = 2 ** (32 - prefix);
  return { first: Math.floor(addressNumber(address) / size) * size, prefix };
}

export function cidrText({ first, prefix }: Network): string {
  return `${addressText(first)}/${prefix}`;
}

export function isInside({ first, prefix }: Network, address: string): boolean {
  const number = addressNumber(address);
  return number >= first && number < first + 2 ** (32 - prefix);
}

/** Addresses a station may have: without the network's and the broadcast address, but in a /31 both (RFC 3021). */
function hosts({ first, prefix }: Network): { readonly from: number; readonly count: number } {
  const size = 2 ** (32 - prefix);
  return size <= 2 ? { from: first, count: size } : { from: first + 1, count: size - 2 };
}

/** Up to `count` different host addresses at random, none of those in `but`. */
export function someHosts(
  network: Network,
  count: number,
  but: readonly string[],
  random: (below: number) => number,
): readonly string[] {
  const range = hosts(network);
  const found = new Set<string>();
  for (let n = 0; n < 8 * count && found.size < count; n += 1) {
    const address = addressText(range.from + random(range.count));
    if (!but.includes(address)) found.add(address);
  }
  return [...found];
}
