import { ALL_BITS } from './marks.ts';
import { type Fields, isFields, statementText } from './nft-expression.ts';
import type { Target } from './ruleset.ts';

/** Statements that neither end a rule nor change anything that is modelled. */
const HARMLESS: ReadonlySet<string> = new Set([
  'comment',
  'ct expectation',
  'ct helper',
  'ct timeout',
  'dup',
  'flow',
  'last',
  'log',
  'map',
  'secmark',
  'set',
]);

/** Statements that let a packet on only while some limit holds. */
const LIMITS: ReadonlySet<string> = new Set(['limit', 'quota', 'ct count', 'meter', 'connlimit']);

export type StatementKind = 'match' | 'vmap' | 'counter' | 'limit' | 'harmless' | 'effect' | 'target';

export function kindOf(name: string, value: unknown): StatementKind {
  if (name === 'match' || name === 'vmap' || name === 'counter') return name;
  if (LIMITS.has(name)) return 'limit';
  if (HARMLESS.has(name)) return 'harmless';
  if (name === 'xt') return isFields(value) && value['type'] === 'match' ? 'limit' : 'target';
  return name === 'mangle' || name === 'notrack' ? 'effect' : 'target';
}

/** What a terminal statement does. `continue` and an unknown name are told apart: the latter is `unmodelled`. */
export function verdictOf(statement: unknown): Target {
  const [name, value] = isFields(statement) ? (Object.entries(statement)[0] ?? []) : [];
  switch (name) {
    case 'accept':
    case 'drop':
    case 'return':
      return { kind: name };
    case 'continue':
      return { kind: 'none' };
    case 'jump':
    case 'goto':
      if (isFields(value) && typeof value['target'] === 'string') return { kind: name, chain: value['target'] };
      break;
    case 'reject':
      return { kind: 'reject', with: isFields(value) ? String(value['expr'] ?? value['type'] ?? '') : '' };
    case 'masquerade':
      return { kind: 'masquerade', to: '' };
    case 'snat':
    case 'dnat':
    case 'redirect':
      return { kind: name, to: isFields(value) ? rewriteTo(value) : '' };
  }
  return { kind: 'unmodelled', text: statementText(statement) };
}

/** As iptables prints it; empty where an address or a port comes from a map. */
function rewriteTo({ addr, port }: Fields): string {
  if (addr !== undefined && typeof addr !== 'string') return '';
  if (port !== undefined && typeof port !== 'number') return '';
  const address = addr?.includes(':') ? `[${addr}]` : (addr ?? '');
  return port === undefined ? address : `${address}:${port}`;
}

/** What `mangle` or `notrack` changes; `continue` where it is nothing that is modelled. */
export function effectOf(statement: Fields): Target {
  const { mangle } = statement;
  if (!isFields(mangle)) return { kind: 'notrack' };
  const { key, value } = mangle;
  const mark = markOf(key);
  if (mark) return markingOf(mark, value) ?? { kind: 'unmodelled', text: statementText(statement) };
  const kind = isFields(key) && isFields(key['payload']) && isAddressed(key['payload']) ? 'unmodelled' : 'continue';
  return { kind, text: statementText(statement) };
}

/** Fields of a packet that matches look at. */
function isAddressed({ field }: Fields): boolean {
  return typeof field !== 'string' || /^(saddr|daddr|sport|dport|protocol|nexthdr|flags|type)$/.test(field);
}

function markOf(expression: unknown): 'mark' | 'connmark' | undefined {
  if (!isFields(expression)) return undefined;
  const { meta, ct } = expression;
  if (isFields(meta) && meta['key'] === 'mark') return 'mark';
  return isFields(ct) && ct['key'] === 'mark' ? 'connmark' : undefined;
}

function markingOf(kind: 'mark' | 'connmark', value: unknown): Target | undefined {
  const other = kind === 'mark' ? 'connmark' : 'mark';
  const bits = bitsOf(value);
  if (!bits) return undefined;
  if (bits.of === other) {
    if (bits.xor !== 0) return undefined;
    return kind === 'mark'
      ? { kind: 'restore-mark', nfmask: ALL_BITS, ctmask: bits.and }
      : { kind: 'save-mark', nfmask: bits.and, ctmask: ALL_BITS };
  }
  return { kind, op: 'xor', value: bits.xor, mask: ~bits.and >>> 0 };
}

/** An expression of a mark, a constant, `&`, `|` and `^` is always `(mark & and) ^ xor`. */
interface Bits {
  readonly of?: 'mark' | 'connmark';
  readonly and: number;
  readonly xor: number;
}

function bitsOf(value: unknown): Bits | undefined {
  if (typeof value === 'number') return { and: 0, xor: value >>> 0 };
  const of = markOf(value);
  if (of) return { of, and: ALL_BITS, xor: 0 };
  const [operator, operands] = isFields(value) ? (Object.entries(value)[0] ?? []) : [];
  if (!Array.isArray(operands) || operands.length !== 2 || typeof operands[1] !== 'number') return undefined;
  const inner = bitsOf(operands[0]);
  const n = operands[1];
  if (!inner) return undefined;
  if (operator === '&') return { ...inner, and: (inner.and & n) >>> 0, xor: (inner.xor & n) >>> 0 };
  if (operator === '|') return { ...inner, and: (inner.and & ~n) >>> 0, xor: ((inner.xor & ~n) ^ n) >>> 0 };
  return operator === '^' ? { ...inner, xor: (inner.xor ^ n) >>> 0 } : undefined;
}
