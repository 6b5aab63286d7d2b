import ipaddr from 'ipaddr.js';
import type { IpvsDestination, IpvsService, IpvsStats } from './ipvs.ts';

/** Counters by service and by destination within it, keyed as `serviceKey` and `destinationKey` tell. */
type Counted = ReadonlyMap<string, IpvsStats>;

/**
 * Adds the counters `ipvsadm -L -n --stats --exact` printed to services read from /proc. A service made between the
 * two looks has none.
 */
export function withStats(services: readonly IpvsService[], counted: Counted): IpvsService[] {
  return services.map((service) => {
    const key = serviceKey(service);
    return {
      ...service,
      ...statsAt(counted, key),
      destinations: service.destinations.map((destination) => ({
        ...destination,
        ...statsAt(counted, destinationKey(key, destination)),
      })),
    };
  });
}

function statsAt(counted: Counted, key: string): { stats?: IpvsStats } {
  const stats = counted.get(key);
  return stats ? { stats } : {};
}

/**
 * Reads the table ipvsadm prints: protocol, address:port and five numbers a service; `->`, address:port and five
 * numbers a destination.
 *
 * @throws naming the line that is not understood
 */
export function countersFrom(text: string): Counted {
  const counted = new Map<string, IpvsStats>();
  let service = '';
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.trim().split(/\s+/);
    if (words[0] === '' || /^(IP Virtual Server|Prot |\s*-> RemoteAddress)/.test(line)) continue;
    const [first = '', endpoint = '', ...numbers] = words;
    const stats = statsOf(numbers, index);
    if (first === '->') counted.set(`${service}>${canonicalEndpoint(endpoint)}`, stats);
    else {
      service = first === 'FWM' ? `fwmark ${endpoint}` : `${first.toLowerCase()} ${canonicalEndpoint(endpoint)}`;
      counted.set(service, stats);
    }
  }
  return counted;
}

function statsOf(words: readonly string[], index: number): IpvsStats {
  const [connections, inPackets, outPackets, inBytes, outBytes] = words.slice(-5).map(Number);
  if (words.length < 5 || words.slice(-5).some((word) => !/^\d+$/.test(word))) {
    throw new Error(`line ${index + 1}: expected five counters`);
  }
  return {
    connections: connections ?? 0,
    inPackets: inPackets ?? 0,
    outPackets: outPackets ?? 0,
    inBytes: inBytes ?? 0,
    outBytes: outBytes ?? 0,
  };
}

function serviceKey({ protocol, address, port }: IpvsService): string {
  return protocol === 'fwmark' ? `fwmark ${port}` : `${protocol} ${canonical(address)}:${port}`;
}

function destinationKey(service: string, { address, port }: IpvsDestination): string {
  return `${service}>${canonical(address)}:${port}`;
}

/** The kernel writes IPv6 addresses in full, ipvsadm shortens them. */
function canonical(address: string): string {
  return ipaddr.isValid(address) ? ipaddr.parse(address).toString() : address;
}

function canonicalEndpoint(endpoint: string): string {
  const colon = endpoint.lastIndexOf(':');
  return `${canonical(endpoint.slice(0, colon).replace(/^\[|\]$/g, ''))}:${endpoint.slice(colon + 1)}`;
}
