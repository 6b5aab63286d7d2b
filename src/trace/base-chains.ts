import { natPriority } from '../snapshot/netfilter/builtin-chains.ts';
import type { Chain, Family, Hook, Ruleset, Table } from '../snapshot/netfilter/ruleset.ts';

/** A base chain with the priority at which its hook reaches it. */
export interface BaseChain {
  readonly table: Table;
  readonly chain: Chain;
  readonly nat: boolean;
  readonly priority: number;
}

/** What runs as one: a filter chain, or all nat chains of a hook, which the kernel calls from one place. */
export interface Unit {
  readonly nat: boolean;
  readonly chains: readonly BaseChain[];
}

/** The base chains on a hook in the order of their priorities; nat chains by their hook's (net/netfilter/nf_nat_proto.c). */
export function baseChains(rules: Ruleset, family: Family, hook: Hook): readonly BaseChain[] {
  const found: BaseChain[] = [];
  for (const table of rules.tables) {
    if (table.family !== family) continue;
    for (const chain of table.chains.values()) {
      if (chain.hook !== hook) continue;
      found.push({ table, chain, nat: chain.nat, priority: chain.nat ? natPriority(hook) : (chain.priority ?? 0) });
    }
  }
  return found.sort((a, b) => a.priority - b.priority);
}

/** Groups chains of equal priority, whose order among each other cannot be seen. */
export function tiesOf(chains: readonly BaseChain[]): readonly (readonly Unit[])[] {
  const ties = new Map<number, BaseChain[]>();
  for (const base of chains) ties.set(base.priority, [...(ties.get(base.priority) ?? []), base]);
  return [...ties.entries()].sort(([a], [b]) => a - b).map(([, tie]) => unitsOf(tie));
}

function unitsOf(chains: readonly BaseChain[]): readonly Unit[] {
  const nat = chains.filter((base) => base.nat);
  const units: Unit[] = chains.filter((base) => !base.nat).map((base) => ({ nat: false, chains: [base] }));
  return nat.length > 0 ? [...units, { nat: true, chains: nat }] : units;
}

/** Orders tried where order may matter: all of up to 4 units; of more, their first order and its reverse. */
const MAX_PERMUTED = 4;

/** Runs units in every order they may have and joins the results; in one where none changes what another looks at. */
export function inAnyOrder<F>(
  units: readonly Unit[],
  start: F,
  run: (flow: F, unit: Unit) => F,
  join: (flows: readonly F[]) => F,
): F {
  const orders = units.length > 1 && units.some(changes) ? ordersOf(units) : [units];
  return join(orders.map((order) => order.reduce(run, start)));
}

function ordersOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length > MAX_PERMUTED) return [items, items.toReversed()];
  if (items.length < 2) return [items];
  return items.flatMap((item, index) => ordersOf(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

const CHANGING: ReadonlySet<string> = new Set([
  'mark',
  'connmark',
  'save-mark',
  'restore-mark',
  'notrack',
  'snat',
  'masquerade',
  'dnat',
  'redirect',
  'netmap',
  'unmodelled',
]);

const changingTables = new WeakMap<Table, boolean>();

function changes({ chains }: Unit): boolean {
  return chains.some(({ table }) => {
    let changing = changingTables.get(table);
    if (changing === undefined) {
      const rules = [...table.chains.values()].flatMap((chain) => chain.rules);
      changing = rules.some(({ target, effects }) =>
        [target, ...(effects ?? [])].some(({ kind }) => CHANGING.has(kind)),
      );
      changingTables.set(table, changing);
    }
    return changing;
  });
}
