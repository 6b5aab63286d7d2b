import type { Match, Rule, Ruleset } from '../snapshot/netfilter/ruleset.ts';

/** What of a rule set is not modelled, each text once, in the order of the tables. */
export function unmodelled(rules: Ruleset): readonly string[] {
  const texts = new Set<string>();
  for (const table of rules.tables) {
    for (const chain of table.chains.values()) {
      for (const rule of chain.rules) for (const text of unmodelledIn(rule)) texts.add(text);
    }
  }
  return [...texts];
}

function unmodelledIn({ matches, target, effects = [] }: Rule): string[] {
  const targets = [...effects, target].flatMap((one) => (one.kind === 'unmodelled' ? [one.text] : []));
  return [...matches.flatMap(unmodelledMatch), ...targets];
}

function unmodelledMatch(match: Match): string[] {
  if (match.kind === 'any') return match.of.flat().flatMap(unmodelledMatch);
  return match.kind === 'unmodelled' ? [match.text] : [];
}
