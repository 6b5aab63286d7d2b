import type { Target } from '../snapshot/netfilter/ruleset.ts';
import { parseAddress } from './address.ts';
import type { Sight } from './sight.ts';
import type { PacketState } from './state.ts';

export type Rewrite = Extract<Target, { kind: 'snat' | 'masquerade' | 'dnat' | 'redirect' | 'netmap' }>;

/** The packet after a nat rule; undefined where the kernel drops it instead. */
export function rewritten(target: Rewrite, state: PacketState, sight: Sight): PacketState | undefined {
  if (target.kind === 'masquerade' && !hasAddress(sight)) return undefined;
  const { address, port } = partsOf(target);
  if (sight.hook === 'postrouting' || sight.hook === 'input') {
    return { ...state, source: address, sourcePort: undefined, snat: address === state.source ? state.snat : 'maybe' };
  }
  const keeps = target.kind === 'dnat' && target.to.startsWith(':');
  const destination = keeps ? state.destination : address;
  const destinationPort = port === 'same' ? state.destinationPort : port;
  return { ...state, destination, destinationPort, dnat: dnatState(state, destination, destinationPort) };
}

function dnatState(state: PacketState, destination: string | undefined, port: number | undefined): PacketState['dnat'] {
  if (destination === undefined) return 'maybe';
  if (destination !== state.destination) return 'yes';
  if (port === state.destinationPort) return state.dnat;
  return port === undefined ? 'maybe' : 'yes';
}

/**
 * MASQUERADE takes an address of the interface the packet leaves by or, where that has none, of any other; a node with
 * none drops the packet, with "ate my IP address" in the log (net/netfilter/nf_nat_masquerade.c).
 */
function hasAddress({ packet, context }: Sight): boolean {
  if (packet.family === 'ipv6' || !context.localAddresses) return true;
  return context.localAddresses.some((text) => !text.includes(':') && !text.startsWith('127.'));
}

interface Parts {
  readonly address: string | undefined;
  /** `same`: the rule leaves it. Undefined: one of several. */
  readonly port: number | 'same' | undefined;
}

function partsOf({ kind, to }: Rewrite): Parts {
  if (kind === 'redirect') return { address: undefined, port: to === '' ? 'same' : onePort(to.replace(/^:/, '')) };
  if (kind !== 'dnat' && kind !== 'snat') return { address: undefined, port: 'same' };
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^[:]*(?::[^:]*:.*)?))(?::([\d-]+))?/.exec(to) ?? [];
  const address = bracketed ?? plain ?? '';
  return {
    address: parseAddress(address) ? address : undefined,
    port: to === '' ? undefined : port === undefined ? 'same' : onePort(port),
  };
}

function onePort(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) ? Number(text) : undefined;
}
