import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

/** A data directory of this machine that is mistyped: that nothing leaked there would be no answer either. */
export function refuseWrongDataDirs(directories: readonly string[] = []): void {
  for (const directory of directories) {
    if (!existsSync(directory)) throw new UsageError(`--data-dir ${directory}: there is no such directory`);
    // host-local writes it into each network's directory (plugins/ipam/host-local/backend/disk).
    if (existsSync(join(directory, 'last_reserved_ip.0'))) {
      throw new UsageError(
        `--data-dir ${directory}: this is one network's; expected the directory above, ${dirname(directory)}`,
      );
    }
  }
}
