import { addHost, emptyGroups, type Groups, groupOf, inventoryFrom } from './ansible-groups.ts';
import { expanded, type Variables } from './ansible-variables.ts';
import { type Inventory, InventoryError } from './model.ts';

/** Groups within groups; Ansible itself gives up sooner. */
const DEEPEST = 64;

/** An Ansible inventory in YAML: groups with `hosts`, `vars` and `children`. Undefined for a document that is none. */
export function yamlInventory(document: unknown): Inventory | undefined {
  const top = mapping(document);
  if (!top || !Object.values(top).some(isGroup)) return undefined;
  const all = emptyGroups();
  for (const [name, group] of Object.entries(top)) addGroup(all, name, group, 0);
  return inventoryFrom(all);
}

function mapping(value: unknown): Variables | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Variables) : undefined;
}

function isGroup(value: unknown): boolean {
  const group = mapping(value);
  return group !== undefined && ['hosts', 'children', 'vars'].some((key) => key in group);
}

function addGroup(all: Groups, name: string, value: unknown, depth: number): void {
  if (depth > DEEPEST) throw new InventoryError(`group ${name}: deeper than ${DEEPEST} groups`);
  const group = groupOf(all, name);
  const said = value === null ? {} : mapping(value);
  if (!said) throw new InventoryError(`group ${name}: expected hosts, vars or children`);
  Object.assign(group.variables, part(said, 'vars', name));
  for (const [pattern, variables] of Object.entries(part(said, 'hosts', name))) {
    if (variables !== null && !mapping(variables)) throw new InventoryError(`host ${pattern}: expected its variables`);
    for (const host of expanded(pattern)) addHost(all, name, host, mapping(variables) ?? {});
  }
  for (const [child, below] of Object.entries(part(said, 'children', name))) {
    group.children.add(child);
    addGroup(all, child, below, depth + 1);
  }
}

function part(group: Variables, key: string, name: string): Variables {
  const value = group[key];
  if (value === undefined || value === null) return {};
  const found = mapping(value);
  if (!found) throw new InventoryError(`group ${name}: ${key} should be a mapping`);
  return found;
}
