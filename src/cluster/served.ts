import type { Member } from './decide.ts';
import type { ClusterSnapshot } from './model.ts';

/** A Service as its Endpoints show it: `absent` where it does not exist, or was not asked for. */
export type Served = Member | 'absent';

/**
 * Whether a Ready Pod stands behind a well-known Service. By its Endpoints, which a node may get by name, and not by its Pods, which
 * it may not list (KEP-4601): so every identity gets the same answer.
 */
export function servedBy({ endpoints }: Pick<ClusterSnapshot, 'endpoints'>, namespace: string, name: string): Served {
  const found = endpoints.find((one) => one.namespace === namespace && one.name === name);
  if (found === undefined) return 'absent';
  const { addresses } = found;
  if (addresses.known) return addresses.value.ready.length > 0 ? 'good' : 'bad';
  return addresses.reason === 'absent' ? 'absent' : addresses;
}
