import type { Match, PortRange } from '../snapshot/netfilter/ruleset.ts';
import { type Block, inBlock, parseAddress, parseBlock } from './address.ts';
import { holdsAddressType } from './address-type.ts';
import { matchBits } from './bits.ts';
import { inSet } from './ip-set.ts';
import { icmpType, protocolNumber } from './protocols.ts';
import type { Seen, Sight } from './sight.ts';
import type { PacketState } from './state.ts';
import { every, not, some, type Tri, tri } from './tri.ts';

type Plain<K extends Match['kind']> = Match & { readonly kind: K };
type Tested = Plain<Exclude<Match['kind'], 'always' | 'unmodelled'>>;

/** Whether a packet in this state meets a match, at the hook whose sight it is. */
export function holds(match: Match, sight: Sight, state: PacketState): Tri {
  if (match.kind === 'always') return 'yes';
  if (match.kind === 'unmodelled') return 'maybe';
  const plain = test(match, sight, state);
  const turned = match.not ? not(plain) : plain;
  if (match.kind === 'connmark') return withConnection(turned, state);
  return match.kind.startsWith('physdev-') ? ofBridged(turned, match, sight) : turned;
}

/** A match as if it were not turned round. */
function test(match: Tested, sight: Sight, state: PacketState): Tri {
  switch (match.kind) {
    case 'source':
      return inCidr(match, state.source, sight);
    case 'destination':
      return inCidr(match, state.destination, sight);
    case 'source-range':
      return inRange(match, state.source, sight);
    case 'destination-range':
      return inRange(match, state.destination, sight);
    case 'protocol':
      return sameProtocol(match.protocol, sight.packet.protocol);
    case 'in':
      return linkIs(match.link, sight.inLink);
    case 'out':
      return linkIs(match.link, sight.outLink);
    case 'source-port':
      return portIn(match.ports, state.sourcePort, sight);
    case 'destination-port':
      return portIn(match.ports, state.destinationPort, sight);
    case 'either-port':
      return some([state.sourcePort, state.destinationPort], (port) => portIn(match.ports, port, sight));
    case 'ct-state':
      return some(match.states, (name) => connectionIs(name, state));
    case 'mark':
      return matchBits(state.mark, match.value, match.mask);
    case 'tcp-flags':
      return flagsAre(match, sight);
    case 'icmp-type':
      return icmpIs(match.type, sight);
    case 'address-type':
      return holdsAddressType(match, sight, match.side === 'source' ? state.source : state.destination);
    case 'set':
      return inSet(match.set, match.directions, sight, state);
    case 'fragment':
      return 'no';
    case 'mac-source':
      return macIs(match.mac, sight);
    case 'connmark':
      return matchBits(state.connmark, match.value, match.mask);
    case 'physdev-in':
      return sight.physicalIn === null ? 'maybe' : linkIs(match.link, sight.physicalIn);
    case 'physdev-out':
      return linkIs(match.link, sight.physicalOut);
    case 'physdev-is-in':
      return isThere(sight.physicalIn);
    case 'physdev-is-out':
    case 'physdev-is-bridged':
      return isThere(sight.physicalOut);
    case 'any':
      return some(match.of, (matches) => every(matches, (one) => holds(one, sight, state)));
  }
}

const blocks = new WeakMap<object, Block | 'unreadable'>();

function inCidr(match: Plain<'source' | 'destination'>, text: string | undefined, sight: Sight): Tri {
  let block = blocks.get(match);
  if (!block) {
    block = parseBlock(match.cidr) ?? 'unreadable';
    blocks.set(match, block);
  }
  if (block === 'unreadable') return 'maybe';
  if (block.mask === 0n) return 'yes';
  const address = text === undefined ? undefined : sight.address(text);
  return address ? tri(inBlock(address, block)) : 'maybe';
}

function inRange(match: Plain<'source-range' | 'destination-range'>, text: string | undefined, sight: Sight): Tri {
  const address = text === undefined ? undefined : sight.address(text);
  const [from, to] = [parseAddress(match.from), parseAddress(match.to)];
  if (!address || !from || !to) return 'maybe';
  if (address.width !== from.width) return 'no';
  return tri(from.value <= address.value && address.value <= to.value);
}

function sameProtocol(wanted: string, actual: string): Tri {
  if (wanted === actual || wanted === 'all') return 'yes';
  const [a, b] = [protocolNumber(wanted), protocolNumber(actual)];
  return a === undefined || b === undefined ? 'maybe' : tri(a === b);
}

/** `name+` matches by prefix. A device the kernel does not have at a hook has an empty name there. */
function linkIs(pattern: string, link: Seen): Tri {
  if (link === undefined) return 'maybe';
  const name = link ?? '';
  return tri(pattern.endsWith('+') ? name.startsWith(pattern.slice(0, -1)) : name === pattern);
}

const WITH_PORTS: ReadonlySet<number> = new Set([6, 17, 33, 132, 136]);

function portIn(ranges: readonly PortRange[], port: number | undefined, { packet }: Sight): Tri {
  const protocol = protocolNumber(packet.protocol);
  if (port === undefined || protocol === undefined || !WITH_PORTS.has(protocol)) return 'maybe';
  return tri(ranges.some(({ from, to }) => from <= port && port <= to));
}

/**
 * Before conntrack has looked at a packet (PREROUTING and OUTPUT below priority -200, see `early`) its state reads as
 * INVALID (net/netfilter/xt_conntrack.c); the evaluator has put that into `state`.
 */
function connectionIs(name: string, state: PacketState): Tri {
  if (name === 'SNAT') return hasConnection(state) === 'no' ? 'no' : state.snat;
  if (name === 'DNAT') return hasConnection(state) === 'no' ? 'no' : state.dnat;
  return state.ctState === undefined ? 'maybe' : tri(state.ctState === name);
}

function hasConnection({ ctState }: PacketState): Tri {
  return ctState === undefined ? 'maybe' : tri(ctState !== 'INVALID' && ctState !== 'UNTRACKED');
}

/** Without a connection neither `--mark` nor `! --mark` matches (net/netfilter/xt_connmark.c, nft_ct.c). */
function withConnection(turned: Tri, state: PacketState): Tri {
  return every([hasConnection(state), turned], (one) => one);
}

function flagsAre({ mask, set }: Plain<'tcp-flags'>, { packet }: Sight): Tri {
  if (sameProtocol('tcp', packet.protocol) === 'no') return 'no';
  const flags = packet.tcpFlags;
  return flags ? tri(mask.every((flag) => flags.includes(flag) === set.includes(flag))) : 'maybe';
}

function icmpIs(wanted: string, { packet }: Sight): Tri {
  if (wanted === 'any' || wanted === '255') return 'yes';
  const asked = icmpType(wanted, packet.family);
  const actual = packet.icmpType === undefined ? undefined : icmpType(packet.icmpType, packet.family);
  if (!asked || !actual) return 'maybe';
  if (asked.type !== actual.type) return 'no';
  if (asked.code === undefined) return 'yes';
  return actual.code === undefined ? 'maybe' : tri(asked.code === actual.code);
}

function macIs(mac: string, { hook, packet }: Sight): Tri {
  if (hook === 'output' || hook === 'postrouting') return 'maybe';
  return packet.sourceMac === undefined ? 'maybe' : tri(packet.sourceMac.toLowerCase() === mac);
}

/**
 * As net/netfilter/xt_physdev.c does: a packet that never was a bridged frame meets exactly the turned-round options; a
 * frame whose port out is not chosen yet (before FORWARD) meets neither `--physdev-out` nor its reverse (before Linux
 * 4.0 it met the reverse).
 */
function ofBridged(turned: Tri, match: Tested, { physicalIn, physicalOut }: Sight): Tri {
  const bridged = some([physicalIn, physicalOut], isThere);
  if (bridged === 'no') return tri(match.not);
  if (bridged === 'maybe') return 'maybe';
  return match.kind === 'physdev-out' && physicalOut === null ? 'no' : turned;
}

function isThere(port: Seen): Tri {
  return port === undefined ? 'maybe' : tri(port !== null);
}
