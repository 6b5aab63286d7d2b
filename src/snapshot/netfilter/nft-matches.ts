import { type Fields, isFields, statementText } from './nft-expression.ts';
import { type Field, fieldOf } from './nft-fields.ts';
import type { Family, Match, PortRange } from './ruleset.ts';

export type NftSets = ReadonlyMap<string, readonly unknown[]>;

/** Where expressions are read: the packets' family and the table's named sets and maps. */
export interface NftScope {
  readonly family: Family;
  readonly sets: NftSets;
}

/** The matches that `{"match": …}` stands for; one `unmodelled` (beside what it implies) where it is not understood. */
export function conditionOf(match: Fields, scope: NftScope): readonly Match[] {
  const { op, left, right } = match;
  const unmodelled: Match = { kind: 'unmodelled', text: statementText({ match }) };
  if (isFields(left) && Array.isArray(left['&'])) return [maskedCondition(left['&'], op, right) ?? unmodelled];
  const fields = fieldsOf(left, scope);
  if (!fields) return [unmodelled];
  return [...impliedBy(fields), comparison(fields, op, right, scope) ?? unmodelled];
}

/** The alternatives of a set or of a verdict map's keys; undefined where one is not understood. */
export function alternativesOf(
  left: unknown,
  values: readonly unknown[],
  scope: NftScope,
): { readonly implied: readonly Match[]; readonly of: readonly (readonly Match[])[] } | undefined {
  const fields = fieldsOf(left, scope);
  const of = fields && values.map((value) => valueMatches(fields, value));
  if (!fields || !of?.every((matches) => matches !== undefined)) return undefined;
  return { implied: impliedBy(fields), of };
}

/** Several fields are compared together: `ip daddr . tcp dport`. */
function fieldsOf(left: unknown, { family }: NftScope): readonly Field[] | undefined {
  const parts = isFields(left) && Array.isArray(left['concat']) ? left['concat'] : [left];
  const fields = parts.map((part) => fieldOf(part, family));
  return fields.every((field) => field !== undefined) ? fields : undefined;
}

function impliedBy(fields: readonly Field[]): readonly Match[] {
  return fields.flatMap(({ implied }) => implied);
}

function comparison(fields: readonly Field[], op: unknown, right: unknown, scope: NftScope): Match | undefined {
  if (op !== '==' && op !== '!=' && op !== 'in') return undefined;
  const not = op === '!=';
  const members = membersOf(right, scope);
  if (members) return anyOf(fields, members, not);
  if (Array.isArray(right)) return op === 'in' ? flagsOf(fields, right) : undefined;
  const matches = valueMatches(fields, right);
  if (!matches) return undefined;
  const [only] = matches;
  if (only && matches.length === 1 && (!not || 'not' in only)) return not ? negated(only) : only;
  return { kind: 'any', not, of: [matches] };
}

/** `ct state established,related`: any of the flags. */
function flagsOf(fields: readonly Field[], flags: readonly unknown[]): Match | undefined {
  const found = flags.map((flag) => valueMatches(fields, flag)?.[0]);
  const states = found.flatMap((match) => (match?.kind === 'ct-state' ? match.states : []));
  return states.length === flags.length ? { kind: 'ct-state', not: false, states } : undefined;
}

function negated(match: Match): Match {
  return 'not' in match ? { ...match, not: !match.not } : match;
}

/** The elements of `{…}` or `@name`; undefined when the right side is no set. */
export function membersOf(right: unknown, { sets }: NftScope): readonly unknown[] | undefined {
  if (typeof right === 'string' && right.startsWith('@')) return sets.get(right.slice(1)) ?? ['unknown set'];
  if (!isFields(right) || !('set' in right)) return undefined;
  const members = right['set'];
  return Array.isArray(members) ? members : [members];
}

function anyOf(fields: readonly Field[], members: readonly unknown[], not: boolean): Match | undefined {
  const of = members.map((member) => valueMatches(fields, member));
  if (!of.every((matches) => matches !== undefined)) return undefined;
  return portsOf(of, not) ?? { kind: 'any', not, of };
}

/** A set of ports is one match, as multiport is. */
function portsOf(of: readonly (readonly Match[])[], not: boolean): Match | undefined {
  const ports: PortRange[] = [];
  let kind: 'source-port' | 'destination-port' | undefined;
  for (const [match, more] of of) {
    if (more || (match?.kind !== 'source-port' && match?.kind !== 'destination-port')) return undefined;
    kind = match.kind;
    ports.push(...match.ports);
  }
  return kind && { kind, not, ports };
}

function valueMatches(fields: readonly Field[], value: unknown): readonly Match[] | undefined {
  if (isFields(value) && isFields(value['elem'])) return valueMatches(fields, value['elem']['val']);
  if (value === '*') return [{ kind: 'always' }];
  const parts = isFields(value) && Array.isArray(value['concat']) ? value['concat'] : [value];
  if (parts.length !== fields.length) return undefined;
  const matches = fields.map(({ compare }, index) => compare(parts[index]));
  return matches.every((match) => match !== undefined) ? matches : undefined;
}

/** `meta mark & 0x4000 == 0x4000`, `tcp flags & (syn | ack) == syn`. */
function maskedCondition(operands: readonly unknown[], op: unknown, right: unknown): Match | undefined {
  const [operand, mask] = operands;
  if (!isFields(operand) || (op !== '==' && op !== '!=')) return undefined;
  const not = op === '!=';
  const { meta, ct, payload } = operand;
  if (typeof mask === 'number' && typeof right === 'number') {
    if (isFields(meta) && meta['key'] === 'mark') return { kind: 'mark', not, value: right, mask };
    if (isFields(ct) && ct['key'] === 'mark') return { kind: 'connmark', not, value: right, mask };
  }
  const isFlags = isFields(payload) && payload['protocol'] === 'tcp' && payload['field'] === 'flags';
  if (!isFlags) return undefined;
  const [flags, set] = [flagNames(mask), flagNames(right)];
  return flags && set && { kind: 'tcp-flags', not, mask: flags, set };
}

function flagNames(value: unknown): readonly string[] | undefined {
  if (value === 0) return [];
  if (typeof value === 'string') return [value.toUpperCase()];
  const list = isFields(value) ? value['|'] : value;
  if (!Array.isArray(list)) return undefined;
  const names = list.map(flagNames);
  return names.every((name) => name !== undefined) ? names.flat() : undefined;
}
