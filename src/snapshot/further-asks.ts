import type { Ask } from '../hosts/ask.ts';
import { type Capture, viewOf } from '../hosts/capture.ts';
import { ipamConfigsOf } from './host-local.ts';
import { leaseAsks } from './leases.ts';

/**
 * What the answers show is still to be asked: the data directories that the node's CNI configuration gives host-local and that
 * were not looked into. Empty on nearly every node, which has the usual one. What runs is then asked anew, for leases have to
 * be read before their holders are looked for.
 */
export function furtherAsks(asks: readonly Ask[], capture: Capture): readonly Ask[] {
  const asked = new Set(asks.flatMap((ask) => (ask.kind === 'leases' ? [ask.directory] : [])));
  if (asked.size === 0 || capture.unreachable) return [];
  const configs = ipamConfigsOf(viewOf(capture));
  const uses = configs.known ? configs.value.flatMap((one) => (one.known ? one.value : [])) : [];
  const dataDirs = new Set([...asked, ...uses.map(({ dataDir }) => dataDir).filter((path) => path.startsWith('/'))]);
  return dataDirs.size > asked.size ? leaseAsks({ dataDirs: [...dataDirs] }) : [];
}
