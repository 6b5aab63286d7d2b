import type { Match, PortRange, Ruleset } from '../snapshot/netfilter/ruleset.ts';
import type { Packet } from '../trace/packet.ts';

/** A frame as rules tell it from others, without its addresses. */
export type Frame = Pick<Packet, 'protocol' | 'ctState' | 'icmpType' | 'sourcePort' | 'destinationPort' | 'tcpFlags'>;

/** First packets of the kinds a VM sends, and the answer to one: enough to meet every usual rule. */
const FRAMES: readonly Frame[] = [
  { protocol: 'icmp', ctState: 'NEW', icmpType: '8' },
  { protocol: 'tcp', ctState: 'NEW', sourcePort: 40000, destinationPort: 443, tcpFlags: ['SYN'] },
  { protocol: 'udp', ctState: 'NEW', sourcePort: 40000, destinationPort: 53 },
  { protocol: 'tcp', ctState: 'ESTABLISHED', sourcePort: 443, destinationPort: 40000, tcpFlags: ['ACK'] },
];
/** The first that no rule names stands for "a port no rule names": what a list of accepted ports leaves out. */
const UNNAMED_PORTS: readonly number[] = [31099, 47099, 23099, 9099];
/** Ports tried of those that rules drop by name. */
const MAX_DROPPED_PORTS = 8;

/** The usual kinds, and what rules tell apart by port: frames to ports that are dropped by name, and to one that none names. */
export function framesFor(rules: Ruleset): readonly Frame[] {
  const filtering = rules.tables
    .flatMap((table) => [...table.chains.values()])
    .flatMap((chain) => (chain.nat ? [] : chain.rules));
  const named = filtering.flatMap((rule) => rule.matches.flatMap(portsOf));
  if (named.length === 0) return FRAMES;
  const unnamed = UNNAMED_PORTS.find((port) => !named.some(({ from, to }) => from <= port && port <= to));
  const dropped = filtering
    .filter(({ target, matches }) => (target.kind === 'drop' || target.kind === 'reject') && !matches.some(isAddress))
    .flatMap(({ matches }) => matches.flatMap(portsOf).flatMap(({ from }) => protocolsOf(matches).map(toPort(from))));
  const others = unnamed === undefined ? [] : ['tcp', 'udp'].map(toPort(unnamed));
  return [...FRAMES, ...others, ...dropped.slice(0, MAX_DROPPED_PORTS)];
}

function portsOf(match: Match): readonly PortRange[] {
  return match.kind === 'destination-port' || match.kind === 'either-port' ? match.ports : [];
}

function protocolsOf(matches: readonly Match[]): string[] {
  const protocols = matches.flatMap((match) => (match.kind === 'protocol' && !match.not ? [match.protocol] : []));
  return protocols.length > 0 ? protocols : ['tcp', 'udp'];
}

function toPort(destinationPort: number): (protocol: string) => Frame {
  return (protocol) => ({
    protocol,
    ctState: 'NEW',
    sourcePort: 40000,
    destinationPort,
    ...(protocol === 'tcp' && { tcpFlags: ['SYN'] }),
  });
}

/** What is dropped on its way to one address by name says nothing of the others: a Service without endpoints. */
function isAddress({ kind }: Match): boolean {
  return kind === 'source' || kind === 'destination' || kind === 'set';
}
