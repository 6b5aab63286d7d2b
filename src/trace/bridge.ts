import type { Family, Ruleset } from '../snapshot/netfilter/ruleset.ts';
import type { Packet, Verdict } from './packet.ts';
import type { TraceContext } from './sight.ts';
import { startOf, verdictOf, walk } from './traverse.ts';

/** A frame on its way from one port of a bridge to another, with bridge netfilter on. */
export interface BridgedFrame extends Omit<Packet, 'inLink' | 'outLink' | 'physicalIn' | 'physicalOut' | 'family'> {
  readonly family: Family;
  readonly bridge: string;
  readonly portIn: string;
  readonly portOut: string;
}

/** The packet that the hooks see in a bridged frame: the bridge as both devices, the ports as physical ones. */
function bridgedFrame({ bridge, portIn, portOut, ...packet }: BridgedFrame): Packet {
  return { ...packet, inLink: bridge, outLink: bridge, physicalIn: portIn, physicalOut: portOut };
}

/**
 * What iptables does to a frame between two ports of a bridge while bridge-nf-call-iptables (or -ip6tables, or the
 * bridge's own switch) is on. As net/bridge/br_netfilter_hooks.c has it: PREROUTING when the frame comes in, with all
 * its tables, nat too (`br_nf_pre_routing`); FORWARD when the bridge has chosen the port out (`br_nf_forward_ip`);
 * POSTROUTING, without an input device, when it leaves (`br_nf_post_routing`), where SNAT and MASQUERADE rewrite it like
 * a routed packet. A frame to which PREROUTING gives another destination address is routed anew
 * (`br_nf_pre_routing_finish`): it may leave by another port, be routed, or dropped, which is `unknown` here.
 */
export function bridgeVerdict(rules: Ruleset, frame: BridgedFrame, context: TraceContext = {}): Verdict {
  return forwarded(rules, bridgedFrame(frame), context);
}

/**
 * What the packet filter does to a packet that is routed from `inLink` to `outLink`: PREROUTING, FORWARD, POSTROUTING.
 * `unknown` where PREROUTING gives it another destination, to which the routes may lead elsewhere.
 */
export function routedVerdict(rules: Ruleset, packet: Packet, context: TraceContext = {}): Verdict {
  return forwarded(rules, packet, context);
}

function forwarded(rules: Ruleset, packet: Packet, context: TraceContext): Verdict {
  const come = walk(rules, packet, ['prerouting'], context, startOf(packet), true);
  return verdictOf(rules, walk(rules, packet, ['forward', 'postrouting'], context, come, false));
}
