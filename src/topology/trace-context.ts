import type { Snapshot } from '../snapshot/snapshot.ts';
import type { TraceContext } from '../trace/sight.ts';

/** What rules may ask of a node beyond the packet: its ipsets, and which addresses are its own. */
export function traceContext({ ipsets, addresses }: Pick<Snapshot, 'ipsets' | 'addresses'>): TraceContext {
  return {
    ...(ipsets.known && { ipsets: ipsets.value }),
    ...(addresses.known && { localAddresses: addresses.value.map((one) => `${one.address}/${one.prefixLength}`) }),
  };
}
