import type { JudgedLeases } from '../leases/observe.ts';
import { UsageError } from './usage.ts';

/**
 * Refuses the name of a network that is on none of the nodes: nothing leaked there would be no answer. Where a node or a
 * directory could not be looked at, it may be there.
 */
export function refuseUnknownNetworks(seen: readonly JudgedLeases[], names: readonly string[] = []): void {
  if (seen.some(({ capture, unread }) => capture.unreachable !== undefined || unread.length > 0)) return;
  const known = new Set(seen.flatMap(({ look }) => look.networks.map(({ name }) => name)));
  const missing = names.find((name) => !known.has(name));
  if (missing === undefined) return;
  const nodes = seen.map(({ capture }) => capture.target.name).join(', ');
  throw new UsageError(`--network ${missing}: host-local has no such network on ${nodes}`);
}
