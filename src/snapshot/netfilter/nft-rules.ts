import { type Fields, isFields, rulesText, statementText } from './nft-expression.ts';
import { alternativesOf, conditionOf, membersOf, type NftScope, type NftSets } from './nft-matches.ts';
import { effectOf, kindOf, verdictOf } from './nft-statements.ts';
import type { Family, Match, Rule, Target } from './ruleset.ts';

/** A rule while its statements are read, in the order in which the kernel runs them. */
interface Draft {
  readonly number: number;
  readonly text: string;
  matches: Match[];
  effects: Target[];
  packets?: number;
  readonly done: Rule[];
}

/**
 * Reads one nft rule's `expr` into rules of our model: usually one. A verdict map becomes a rule for each element (keys
 * exclude each other), and a rule that goes on matching after it set something becomes two; all carry its number.
 */
export function nftRules(family: Family, sets: NftSets): (expr: unknown, number: number) => Rule[] {
  const scope: NftScope = { family, sets };
  return (expr, number) => {
    const statements = Array.isArray(expr) ? (expr as readonly unknown[]) : [];
    const draft: Draft = { number, text: rulesText(statements), matches: [], effects: [], done: [] };
    for (const statement of statements) {
      if (readStatement(draft, statement, scope)) return draft.done;
    }
    finish(draft, [], { kind: 'none' });
    return draft.done;
  };
}

/** Takes one statement in; true when the rule ends with it. */
function readStatement(draft: Draft, statement: unknown, scope: NftScope): boolean {
  const fields: Fields = isFields(statement) ? statement : {};
  const [name = '', value] = Object.entries(fields)[0] ?? [];
  switch (kindOf(name, value)) {
    case 'match':
      settleEffects(draft);
      draft.matches.push(...conditionOf(isFields(value) ? value : {}, scope));
      return false;
    case 'limit':
      settleEffects(draft);
      draft.matches.push({ kind: 'unmodelled', text: statementText(statement) });
      return false;
    case 'counter':
      if (isFields(value) && typeof value['packets'] === 'number') draft.packets = value['packets'];
      return false;
    case 'effect':
      draft.effects.push(effectOf(fields));
      return false;
    case 'harmless':
      return false;
    case 'vmap':
      readVerdictMap(draft, isFields(value) ? value : {}, scope);
      return true;
    case 'target':
      finish(draft, [], verdictOf(statement));
      return true;
  }
}

function finish(draft: Draft, more: readonly Match[], target: Target): void {
  const { number, text, effects, packets } = draft;
  const matches = [...draft.matches, ...more];
  draft.done.push({
    matches,
    ...(effects.length > 0 && { effects }),
    target,
    text,
    number,
    ...(packets !== undefined && { packets }),
  });
}

/**
 * What was set so far is set for all that got here, whatever is compared next. The second half starts with the same
 * matches; one about what was just set cannot be asked again, and is left open.
 */
function settleEffects(draft: Draft): void {
  if (draft.effects.length === 0) return;
  finish(draft, [], { kind: 'none' });
  draft.effects = [];
  const lasting = draft.matches.filter((match) => !looksAtMarks(match));
  if (lasting.length < draft.matches.length) draft.matches = [...lasting, { kind: 'unmodelled', text: draft.text }];
}

function looksAtMarks(match: Match): boolean {
  if (match.kind === 'any') return match.of.flat().some(looksAtMarks);
  return match.kind === 'mark' || match.kind === 'connmark' || match.kind === 'ct-state';
}

function readVerdictMap(draft: Draft, { key, data }: Fields, scope: NftScope): void {
  settleEffects(draft);
  const pairs = (membersOf(data, scope) ?? []).map((pair) => (Array.isArray(pair) ? pair : [pair]));
  const others = pairs.filter(([value]) => value !== '*');
  const found = alternativesOf(
    key,
    others.map(([value]) => value),
    scope,
  );
  if (!found || found.of.flat().some((match) => match.kind === 'mark' || match.kind === 'connmark')) {
    finish(draft, [], { kind: 'unmodelled', text: draft.text });
    return;
  }
  for (const [index, matches] of found.of.entries()) {
    finish(draft, [...found.implied, ...matches], verdictOf(others[index]?.[1]));
  }
  const otherwise = pairs.find(([value]) => value === '*');
  if (otherwise) {
    finish(draft, [...found.implied, { kind: 'any', not: true, of: found.of }], verdictOf(otherwise[1]));
  }
}
