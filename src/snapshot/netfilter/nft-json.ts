import { type Fields, isFields } from './nft-expression.ts';
import { nftRules } from './nft-rules.ts';
import type { Chain, Family, Hook, Rule, Table } from './ruleset.ts';

const HOOKS: ReadonlySet<string> = new Set(['prerouting', 'input', 'forward', 'output', 'postrouting']);

interface Draft {
  readonly name: string;
  readonly family: string;
  readonly chains: Fields[];
  readonly rules: Fields[];
  /** Named sets and maps: their elements. */
  readonly sets: Map<string, readonly unknown[]>;
}

function textIn(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== 'string') throw new Error(`nft: an object has no ${key}`);
  return value;
}

/**
 * Reads `nft -j list ruleset` into tables for one address family: those of `ip` (`ip6`) and `inet`. Tables of the
 * families bridge, netdev and arp are left out: the kernel calls them at other hooks, whatever bridge-nf-call-iptables
 * says. `taken` names tables another tool shows better (those iptables-nft made). Throws when the text is not such JSON.
 */
export function parseNftJson(
  text: string,
  { family, source, taken }: { family: Family; source: string; taken: ReadonlySet<string> },
): readonly Table[] {
  const root: unknown = JSON.parse(text);
  const list = isFields(root) ? root['nftables'] : undefined;
  if (!Array.isArray(list)) throw new Error('nft: no "nftables" list');
  const own = family === 'ipv4' ? 'ip' : 'ip6';
  const drafts = new Map<string, Draft>();
  for (const item of list as readonly unknown[]) {
    if (!isFields(item)) throw new Error('nft: an item of the list is no object');
    for (const [kind, fields] of Object.entries(item)) if (isFields(fields)) collect(drafts, kind, fields);
  }
  return [...drafts.values()]
    .filter((draft) => draft.family === 'inet' || (draft.family === own && !taken.has(draft.name)))
    .map((draft) => tableOf(draft, family, source));
}

function collect(drafts: Map<string, Draft>, kind: string, fields: Fields): void {
  if (kind !== 'table' && kind !== 'chain' && kind !== 'rule' && kind !== 'set' && kind !== 'map') return;
  const family = textIn(fields, 'family');
  const name = textIn(fields, kind === 'table' ? 'name' : 'table');
  const key = `${family} ${name}`;
  const draft: Draft = drafts.get(key) ?? { name, family, chains: [], rules: [], sets: new Map() };
  drafts.set(key, draft);
  if (kind === 'chain') draft.chains.push(fields);
  else if (kind === 'rule') draft.rules.push(fields);
  else if (kind !== 'table') draft.sets.set(textIn(fields, 'name'), elementsOf(fields['elem']));
}

function elementsOf(elements: unknown): readonly unknown[] {
  return Array.isArray(elements) ? elements : [];
}

function tableOf(draft: Draft, family: Family, source: string): Table {
  const read = nftRules(family, draft.sets);
  const numbers = new Map<string, number>();
  const rules = new Map<string, Rule[]>();
  for (const fields of draft.rules) {
    const chain = textIn(fields, 'chain');
    const number = (numbers.get(chain) ?? 0) + 1;
    numbers.set(chain, number);
    const list = rules.get(chain) ?? [];
    list.push(...read(fields['expr'], number));
    rules.set(chain, list);
  }
  const chains = draft.chains.map((fields): [string, Chain] => {
    const name = textIn(fields, 'name');
    return [name, { name, rules: rules.get(name) ?? [], ...baseOf(fields) }];
  });
  return { name: draft.name, family, backend: 'nft', native: true, chains: new Map(chains), source };
}

/** What makes a chain a base chain. */
function baseOf(fields: Fields): Pick<Chain, 'policy' | 'hook' | 'priority' | 'nat'> {
  const { hook, prio, type, policy } = fields;
  if (typeof hook !== 'string' || !HOOKS.has(hook)) return { nat: false };
  if (typeof prio !== 'number')
    throw new Error(`nft: chain ${JSON.stringify(fields['name'])} has no number for priority`);
  return { hook: hook as Hook, priority: prio, nat: type === 'nat', policy: policy === 'drop' ? 'drop' : 'accept' };
}
