import type { Capture } from './hosts/capture.ts';
import type { Host } from './hosts/host.ts';
import { furtherAsks } from './snapshot/further-asks.ts';

/** A host that is asked once more where its first answers show that something is still to be asked. */
export function thorough(host: Host): Host {
  return {
    name: host.name,
    via: host.via,
    async collect(asks, options) {
      const first = await host.collect(asks, options);
      const further = furtherAsks(asks, first);
      if (further.length === 0) return first;
      const second = await host.collect(further, options);
      // What the first answers told still holds; what is missing stays "not collected".
      return second.unreachable ? first : joined(first, second);
    },
  };
}

/** Both captures as one; what was asked twice is as the second has it. */
function joined(first: Capture, second: Capture): Capture {
  return {
    ...second,
    entries: both(first.entries, second.entries),
    globs: both(first.globs, second.globs),
    lists: both(first.lists, second.lists),
    which: both(first.which, second.which),
    runs: both(first.runs ?? {}, second.runs ?? {}),
  };
}

/** Without a prototype, as its parts are: keys come from a node's file names. */
function both<T>(first: Readonly<Record<string, T>>, second: Readonly<Record<string, T>>): Record<string, T> {
  return Object.assign(Object.create(null) as Record<string, T>, first, second);
}
