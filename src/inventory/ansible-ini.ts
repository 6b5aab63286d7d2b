import { addHost, emptyGroups, type Groups, groupOf, inventoryFrom } from './ansible-groups.ts';
import { expanded } from './ansible-variables.ts';
import { type Inventory, InventoryError } from './model.ts';

interface Section {
  readonly group: string;
  readonly kind: string;
}

/** An Ansible inventory in its INI form: hosts with variables, `[group]`, `[group:children]`, `[group:vars]`. */
export function iniInventory(text: string): Inventory {
  const all = emptyGroups();
  let section: Section = { group: 'ungrouped', kind: 'hosts' };
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    const at = `line ${index + 1}`;
    const next = sectionIn(line, at);
    if (next) {
      section = next;
      groupOf(all, section.group);
    } else if (line !== '' && !/^[#;]/.test(line)) addLine(all, section, line, at);
  }
  return inventoryFrom(all);
}

function sectionIn(line: string, at: string): Section | undefined {
  const found = /^\[([^\]:\s]+)(?::(hosts|children|vars))?\]\s*(?:[#;].*)?$/.exec(line);
  if (found) return { group: found[1] ?? '', kind: found[2] ?? 'hosts' };
  // `[a:c].example` is a range of hosts.
  if (line.startsWith('[') && !/^\[[^\]]*\]\S/.test(line)) {
    throw new InventoryError(`${at}: expected [group], [group:children] or [group:vars]`);
  }
  return undefined;
}

function addLine(all: Groups, { group, kind }: Section, line: string, at: string): void {
  const { children, variables } = groupOf(all, group);
  if (kind === 'children') children.add(wordsIn(line, at)[0] ?? '');
  else if (kind === 'vars') Object.assign(variables, variableIn(line, at));
  else addHosts(line, at, (name, own) => addHost(all, group, name, own));
}

function addHosts(line: string, at: string, add: (name: string, variables: Record<string, string>) => void): void {
  const [pattern = '', ...words] = wordsIn(line, at);
  const variables: Record<string, string> = {};
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals < 1) throw new InventoryError(`${at}: expected NAME=VALUE after the host`);
    variables[word.slice(0, equals)] = word.slice(equals + 1);
  }
  for (const name of expanded(pattern)) add(name, { ...variables });
}

/** Of a `vars` section a line's value is all that follows the equals sign. */
function variableIn(line: string, at: string): Record<string, string> {
  const found = /^([^=\s]+)\s*=\s*(.*)$/.exec(line);
  if (!found) throw new InventoryError(`${at}: expected NAME=VALUE`);
  return { [found[1] ?? '']: (found[2] ?? '').replace(/^(["'])(.*)\1$/, '$2') };
}

/** Words as a shell splits them, up to a comment. */
function wordsIn(line: string, at: string): string[] {
  const words: string[] = [];
  const pattern = /\s*(#.*$|(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+|.)/gy;
  for (const [, word = ''] of line.matchAll(pattern)) {
    if (word.startsWith('#')) break;
    if (/^["'\\]$/.test(word)) throw new InventoryError(`${at}: a quote is not closed`);
    words.push(
      word.replace(
        /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g,
        (_, double?: string, single?: string, char?: string) => double ?? single ?? char ?? '',
      ),
    );
  }
  return words;
}
