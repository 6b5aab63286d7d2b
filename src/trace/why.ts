import type { Match } from '../snapshot/netfilter/ruleset.ts';
import { holds } from './match.ts';
import type { Sight } from './sight.ts';
import type { PacketState } from './state.ts';

const UNKNOWN: Readonly<Record<Exclude<Match['kind'], 'always' | 'unmodelled' | 'set' | 'any'>, string>> = {
  source: 'the source address is not known',
  destination: 'the destination address is not known',
  'source-range': 'the source address is not known',
  'destination-range': 'the destination address is not known',
  protocol: 'the protocol is not known',
  in: 'the input interface is not known',
  out: 'the output interface is not known',
  'physdev-in': 'the bridge port in is not known',
  'physdev-out': 'the bridge port out is not known',
  'physdev-is-in': 'the bridge port in is not known',
  'physdev-is-out': 'the bridge port out is not known',
  'physdev-is-bridged': 'the bridge port out is not known',
  'source-port': 'the source port is not known',
  'destination-port': 'the destination port is not known',
  'either-port': 'a port is not known',
  'ct-state': 'the connection state is not known',
  mark: 'the packet mark is not known: an earlier rule may have set it',
  connmark: 'the connection mark is not known',
  'tcp-flags': 'the TCP flags are not known',
  'icmp-type': 'the ICMP type is not known',
  'address-type': 'the kind of the address is not known',
  fragment: 'whether it is a fragment is not known',
  'mac-source': 'the source MAC address is not known',
};

/** Why it cannot be told whether a rule matches: the first of its matches that may go either way. */
export function whyOpen(matches: readonly Match[], sight: Sight, state: PacketState): string {
  const open = matches.find((match) => holds(match, sight, state) === 'maybe');
  if (!open || open.kind === 'always') return '';
  if (open.kind === 'unmodelled') return `not modelled: ${open.text}`;
  if (open.kind === 'set') return `whether the packet is in ipset ${open.set} is not known`;
  if (open.kind === 'any') return whyOpen(open.of.flat(), sight, state);
  return UNKNOWN[open.kind];
}
