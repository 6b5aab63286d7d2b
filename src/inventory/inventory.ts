import { parseAllDocuments } from 'yaml';
import { parseDestination } from '../hosts/destination.ts';
import { iniInventory } from './ansible-ini.ts';
import { yamlInventory } from './ansible-yaml.ts';
import { kubekeyInventory } from './kubekey.ts';
import { type Inventory, InventoryError } from './model.ts';

/**
 * Reads an inventory by what it is: KubeKey's configuration, Ansible's in YAML or INI, or a plain list with one
 * `[user@]name[:port]` a line. Pure. Throws an InventoryError with the place.
 */
export function inventoryOf(text: string): Inventory {
  const inventory = structured(text) ?? plainList(text) ?? iniInventory(text);
  if (inventory.nodes.length === 0) throw new InventoryError('it names no node');
  return inventory;
}

/** KubeKey's file may go on with other documents (KubeSphere's configuration). */
function structured(text: string): Inventory | undefined {
  // A mapping in block style, or JSON; INI and lists are taken for other things by YAML, or for none.
  if (!/^\s*\{/.test(text) && !/^(?:---.*\s+)?(?:#.*\s+)*["']?[\w.-]+["']?:(?:\s|$)/m.test(text)) return undefined;
  const documents = parseAllDocuments(text, { logLevel: 'silent' });
  const wrong = [...documents].flatMap(({ errors }) => errors)[0];
  if (wrong) {
    const lines = text.split('\n').some((line) => /^\[[\w.-]+(?::\w+)?\]\s*$/.test(line));
    if (lines) return undefined;
    throw new InventoryError(`not YAML: ${wrong.message.split('\n', 1)[0]}`);
  }
  for (const document of documents) {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    const found = kubekeyInventory(value) ?? yamlInventory(value);
    if (found) return found;
  }
  return undefined;
}

/** Nothing but one destination a line. */
function plainList(text: string): Inventory | undefined {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.replace(/(?:^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
  if (!lines.every(isDestination)) return undefined;
  return { kind: 'list', nodes: [...new Set(lines)].map((line) => ({ name: line, address: line })), unused: [] };
}

/** A group of Ansible's, `[masters]`, is in brackets like an IPv6 address. */
function isDestination(line: string): boolean {
  if (line.startsWith('[') && !line.includes('::') && !/^\[(?:[0-9A-Fa-f]{1,4}:){7}/.test(line)) return false;
  try {
    parseDestination(line);
    return true;
  } catch {
    return false;
  }
}
