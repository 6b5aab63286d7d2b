import { nodeFrom, type Variables } from './ansible-variables.ts';
import { type Inventory, InventoryError } from './model.ts';

/** Groups as either form of an inventory tells them. */
export interface Groups {
  /** Host names in the order they are first named, with their own variables. */
  readonly hosts: Map<string, Record<string, unknown>>;
  readonly groups: Map<string, Group>;
}

export interface Group {
  readonly hosts: Set<string>;
  readonly children: Set<string>;
  readonly variables: Record<string, unknown>;
}

export function emptyGroups(): Groups {
  return { hosts: new Map(), groups: new Map() };
}

/** The group of a name, made when it is first spoken of: `[x:children]` may name groups that come later. */
export function groupOf({ groups }: Groups, name: string): Group {
  const found = groups.get(name);
  if (found) return found;
  const made: Group = { hosts: new Set(), children: new Set(), variables: {} };
  groups.set(name, made);
  return made;
}

export function addHost(all: Groups, group: string, name: string, variables: Variables): void {
  const known = all.hosts.get(name) ?? {};
  all.hosts.set(name, Object.assign(known, variables));
  groupOf(all, group).hosts.add(name);
}

/**
 * Every host with its variables: those of `all`, then of its groups from the farthest to the nearest, then its own
 * (Ansible's precedence; of groups equally near the later in the alphabet wins).
 */
export function inventoryFrom(all: Groups): Inventory {
  const depths = depthsOf(all);
  const read = [...all.hosts].map(([name, own]) => {
    const groups = [...depths]
      .filter(([group]) => holds(all, group, name))
      .sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
    const inherited = groups.map(([group]) => all.groups.get(group)?.variables ?? {});
    return nodeFrom(name, Object.assign({}, ...inherited, own));
  });
  return {
    kind: 'ansible',
    nodes: read.map(({ node }) => node),
    unused: read.filter(({ unused }) => unused).map(({ node }) => node.name),
  };
}

function depthsOf({ groups }: Groups): ReadonlyMap<string, number> {
  const depths = new Map<string, number>([...groups.keys()].map((name) => [name, name === 'all' ? 0 : 1]));
  // A chain of children is no longer than there are groups; one that is goes in a circle.
  for (let round = 0; round <= groups.size; round += 1) {
    const deeper = [...groups].flatMap(([name, { children }]) =>
      [...children]
        .filter((child) => (depths.get(child) ?? 1) <= (depths.get(name) ?? 0))
        .map((child) => [child, (depths.get(name) ?? 0) + 1] as const),
    );
    if (deeper.length === 0) return depths;
    for (const [child, depth] of deeper) depths.set(child, depth);
  }
  throw new InventoryError('groups that are children of each other');
}

function holds(all: Groups, group: string, host: string): boolean {
  if (group === 'all') return true;
  const found = all.groups.get(group);
  return found !== undefined && (found.hosts.has(host) || [...found.children].some((child) => holds(all, child, host)));
}
