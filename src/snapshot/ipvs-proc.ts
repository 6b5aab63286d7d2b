import type { IpvsDestination, IpvsService } from './ipvs.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * /proc/net/ip_vs, as ip_vs_info_seq_show of net/netfilter/ipvs/ip_vs_ctl.c writes it: addresses and ports in
 * hexadecimal, IPv6 in brackets. A service's line is followed by its destinations'.
 *
 * @throws naming the line that is not understood
 */
export function servicesFromProc(text: string): IpvsService[] {
  const services: (Mutable<IpvsService> & { destinations: IpvsDestination[] })[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.trim().split(/\s+/);
    if (words[0] === '' || isHeading(index, line)) continue;
    if (words[0] === '->') {
      const service = services.at(-1);
      if (!service) throw new Error(`line ${index + 1}: a destination before any service`);
      service.destinations.push(destinationOf(words, index));
    } else {
      services.push({ ...serviceOf(words, index), destinations: [] });
    }
  }
  return services;
}

/** Two or three lines of headings: the version, and the columns of services and of destinations. */
function isHeading(index: number, line: string): boolean {
  return index < 3 && /^(IP Virtual Server|Prot |\s*-> RemoteAddress)/.test(line);
}

const PROTOCOLS: Readonly<Record<string, IpvsService['protocol']>> = {
  TCP: 'tcp',
  UDP: 'udp',
  SCTP: 'sctp',
  FWM: 'fwmark',
};

function serviceOf(words: readonly string[], index: number): Omit<IpvsService, 'destinations'> {
  const protocol = PROTOCOLS[words[0] ?? ''];
  const scheduler = words[2];
  if (!protocol || words[1] === undefined || scheduler === undefined) {
    throw new Error(`line ${index + 1}: not a virtual service`);
  }
  const flags = words.slice(3);
  if (protocol !== 'fwmark') return { protocol, ...endpointOf(words[1], index), scheduler, flags };
  const mark = hexadecimal(words[1], index);
  // A fwmark service has no address; its mark stands where a port would.
  return { protocol, address: '', port: mark, scheduler, flags };
}

function destinationOf(words: readonly string[], index: number): IpvsDestination {
  const [, endpoint, forward, weight] = words;
  if (endpoint === undefined || forward === undefined || weight === undefined || !/^-?\d+$/.test(weight)) {
    throw new Error(`line ${index + 1}: not a destination`);
  }
  return { ...endpointOf(endpoint, index), forward, weight: Number(weight) };
}

function endpointOf(endpoint: string, index: number): { address: string; port: number } {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Fa-f]{8})):([0-9A-Fa-f]{4})$/.exec(endpoint);
  if (!match) throw new Error(`line ${index + 1}: ${JSON.stringify(endpoint)} is not an address and port`);
  const [, ipv6, ipv4, port = ''] = match;
  return { address: ipv6 ?? dotted(ipv4 ?? ''), port: Number.parseInt(port, 16) };
}

function dotted(hex: string): string {
  return (hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).join('.');
}

function hexadecimal(word: string, index: number): number {
  if (!/^[0-9A-Fa-f]{1,8}$/.test(word)) throw new Error(`line ${index + 1}: ${JSON.stringify(word)} is not a mark`);
  return Number.parseInt(word, 16);
}
