import type { Match } from '../snapshot/netfilter/ruleset.ts';
import { type Address, inBlock, parseBlock, prefixMask } from './address.ts';
import type { Sight, TraceContext } from './sight.ts';
import { some, type Tri, tri } from './tri.ts';

const LOOPBACK = parseBlock('127.0.0.0/8');
const MULTICAST = parseBlock('224.0.0.0/4');
const EVERYWHERE = 0xffffffffn;

/**
 * `-m addrtype`: the kind of an address in the kernel's routing tables (net/ipv4/fib_frontend.c, inet_addr_type), as
 * far as the node's own addresses tell: LOCAL for both families; BROADCAST, MULTICAST and UNICAST for IPv4. A node's
 * route of type blackhole, unreachable or the like is not looked at.
 */
export function holdsAddressType(
  match: Extract<Match, { kind: 'address-type' }>,
  sight: Sight,
  text: string | undefined,
): Tri {
  const address = text === undefined ? undefined : sight.address(text);
  if (!address) return 'maybe';
  return some(match.type.split(','), (type) => isOfType(type, address, sight.context));
}

function isOfType(type: string, address: Address, context: TraceContext): Tri {
  if (type === 'LOCAL') return isLocal(address, context);
  if (address.width === 128) return 'maybe';
  if (type === 'MULTICAST') return tri(MULTICAST !== undefined && inBlock(address, MULTICAST));
  if (type === 'BROADCAST') return isBroadcast(address, context);
  if (type !== 'UNICAST') return 'maybe';
  if (MULTICAST && inBlock(address, MULTICAST)) return 'no';
  const other = some([isLocal(address, context), isBroadcast(address, context)], (one) => one);
  return other === 'maybe' ? 'maybe' : tri(other === 'no');
}

function isLocal(address: Address, { localAddresses }: TraceContext): Tri {
  if (address.width === 32 && LOOPBACK && inBlock(address, LOOPBACK)) return 'yes';
  if (!localAddresses) return 'maybe';
  return tri(localAddresses.some((text) => isSame(text, address)));
}

function isSame(text: string, address: Address): boolean {
  const own = parseBlock(text.replace(/\/.*/, ''));
  return own !== undefined && inBlock(address, own);
}

/** 255.255.255.255, or the last address of a network the node is on; not known where a prefix length is not. */
function isBroadcast(address: Address, { localAddresses }: TraceContext): Tri {
  if (address.value === EVERYWHERE) return 'yes';
  if (!localAddresses) return 'maybe';
  return some(
    localAddresses.filter((text) => !text.includes(':')),
    (text) => {
      const network = parseBlock(text);
      if (!text.includes('/') || !network) return 'maybe';
      return tri(address.value === (network.network | (prefixMask(32, 32) ^ network.mask)));
    },
  );
}
