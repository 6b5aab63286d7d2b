import { known, type Reading, unknown } from '../../hosts/reading.ts';
import type { BridgeDemand } from '../demand.ts';
import type { Link, NetworkEvent } from './netlink-messages.ts';

/** The links of this moment, from a dump and what happened since. Pure: give it each dump and each event, in order. */
export interface LinkTable {
  /** A dump: what is not in it is gone. */
  replace(links: readonly Link[]): LinkChanges;
  /** Events but for overflows, after which a dump is due. */
  apply(events: readonly NetworkEvent[]): LinkChanges;
  named(name: string): Link | undefined;
  /** What a bridge's own switch reads, as the keeper takes it; absent where there is no such bridge. */
  switchOf(bridge: string, name: BridgeDemand['name']): Reading<string>;
  all(): readonly Link[];
}

/** Names; a link that was renamed or made anew under its name is in both. */
export interface LinkChanges {
  readonly appeared: readonly string[];
  readonly gone: readonly string[];
}

export function linkTable(): LinkTable {
  const byIndex = new Map<number, Link>();
  const byName = new Map<string, Link>();

  function changes() {
    const [appeared, gone] = [new Set<string>(), new Set<string>()];

    function remove(index: number): void {
      const known = byIndex.get(index);
      byIndex.delete(index);
      // The name may belong to another link by now.
      if (known === undefined || byName.get(known.name)?.index !== index) return;
      byName.delete(known.name);
      gone.add(known.name);
    }
    function put(link: Link): void {
      if (byIndex.get(link.index)?.name !== link.name) {
        remove(link.index);
        appeared.add(link.name);
      }
      const namesake = byName.get(link.name);
      if (namesake !== undefined && namesake.index !== link.index) remove(namesake.index);
      byIndex.set(link.index, link);
      byName.set(link.name, link);
    }
    return { put, remove, made: (): LinkChanges => ({ appeared: [...appeared], gone: [...gone] }) };
  }

  return {
    replace(links) {
      const { put, remove, made } = changes();
      const present = new Set(links.map(({ index }) => index));
      for (const index of [...byIndex.keys()]) if (!present.has(index)) remove(index);
      for (const link of links) put(link);
      return made();
    },
    apply(events) {
      const { put, remove, made } = changes();
      for (const event of events) {
        if (event.type === 'link') put(event.link);
        else if (event.type === 'link-gone') remove(event.index);
      }
      return made();
    },
    named: (name) => byName.get(name),
    switchOf(bridge, name) {
      const link = byName.get(bridge);
      const source = `netlink: ${name} of ${bridge}`;
      if (link?.kind !== 'bridge') return unknown('absent', source, `there is no bridge ${bridge}`);
      if (link.bridge === null) return unknown('absent', source, 'the kernel has no netfilter for bridges');
      return known(link.bridge[name], source);
    },
    all: () => [...byIndex.values()],
  };
}
