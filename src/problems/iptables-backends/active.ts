import type { Reading } from '../../hosts/reading.ts';
import type { Evidence } from '../../judging/finding.ts';
import type { Ruleset, Table } from '../../snapshot/netfilter/ruleset.ts';

/** A table that does something: it holds a rule, or a policy that drops. */
function acts(table: Table): boolean {
  return [...table.chains.values()].some((chain) => chain.rules.length > 0 || chain.policy === 'drop');
}

/** Tables of a backend that do something; none where it could not be read. */
export function activeTables(reading: Reading<Ruleset>): readonly Table[] {
  return reading.known ? reading.value.tables.filter(acts) : [];
}

/** The FORWARD policy is DROP. */
export function dropsForwarded(table: Table): boolean {
  return [...table.chains.values()].some((chain) => chain.hook === 'forward' && chain.policy === 'drop');
}

export function tableEvidence(tables: readonly Table[]): Evidence[] {
  const bySource = new Map<string, string[]>();
  for (const { source, name } of tables) bySource.set(source, [...(bySource.get(source) ?? []), name]);
  return [...bySource].map(([source, names]) => ({ source, value: `rules in ${names.join(', ')}` }));
}
