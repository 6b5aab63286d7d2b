import type { IpSet } from '../snapshot/netfilter/ipsets.ts';
import type { Hook } from '../snapshot/netfilter/ruleset.ts';
import { type Address, parseAddress } from './address.ts';
import type { Packet } from './packet.ts';

/** What of the node, beyond its rules, a verdict may depend on. What is left out is not known. */
export interface TraceContext {
  readonly ipsets?: ReadonlyMap<string, IpSet>;
  /** All addresses of the node, loopback's too or not, plain or with a prefix length (`10.0.0.1/24`). */
  readonly localAddresses?: readonly string[];
}

/** A device as a hook sees it: null when the kernel has none there, undefined when it is not known. */
export type Seen = string | null | undefined;

/** What the rules of one hook see of a packet that no rule can change. */
export interface Sight {
  readonly hook: Hook;
  readonly packet: Packet;
  readonly inLink: Seen;
  readonly outLink: Seen;
  readonly physicalIn: Seen;
  readonly physicalOut: Seen;
  readonly context: TraceContext;
  /** Parses an address, each text once. */
  readonly address: (text: string) => Address | undefined;
}

/**
 * The devices a hook gets: no output device before routing, no input device for what the node sends. Up to Linux 5.6
 * POSTROUTING has no input device, later the one a routed packet came in by (28f8bfd1ac94); a bridged frame never has
 * one there, and gets its port out only on FORWARD (net/bridge/br_netfilter_hooks.c).
 */
export function sightOf(hook: Hook, packet: Packet, context: TraceContext): Sight {
  const addresses = new Map<string, Address | undefined>();
  const leaving = hook === 'forward' || hook === 'output' || hook === 'postrouting';
  return {
    hook,
    packet,
    inLink: inLinkAt(hook, packet),
    outLink: leaving ? packet.outLink : null,
    physicalIn: packet.physicalIn,
    physicalOut: leaving ? packet.physicalOut : null,
    context,
    address(text) {
      const found = addresses.get(text);
      if (found || addresses.has(text)) return found;
      const parsed = parseAddress(text);
      addresses.set(text, parsed);
      return parsed;
    },
  };
}

function inLinkAt(hook: Hook, packet: Packet): Seen {
  if (hook === 'output') return null;
  if (hook !== 'postrouting') return packet.inLink;
  return typeof packet.physicalOut === 'string' ? null : undefined;
}
