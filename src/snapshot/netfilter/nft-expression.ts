/** An object of `nft -j`, libnftables-json(5): `{"payload": {"protocol": "tcp", "field": "dport"}}`. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Elements of a set shown before the rest is left out of a text. */
const SHOWN = 8;
const MAX_TEXT = 300;

/** A rule as nft would print it, in one line, near enough for a person to find it. */
export function rulesText(statements: readonly unknown[]): string {
  return statements.map(statementText).join(' ').slice(0, MAX_TEXT);
}

export function statementText(statement: unknown): string {
  if (!isFields(statement)) return JSON.stringify(statement) ?? '';
  const [kind = '', value] = Object.entries(statement)[0] ?? [];
  if (!isFields(value)) return value === null ? kind : `${kind} ${expressionText(value)}`;
  switch (kind) {
    case 'match':
      return [value['left'], plainOperator(value['op']), value['right']].map(expressionText).filter(Boolean).join(' ');
    case 'vmap':
      return `${expressionText(value['key'])} vmap ${expressionText(value['data'])}`;
    case 'mangle':
      return `${expressionText(value['key'])} set ${expressionText(value['value'])}`;
    case 'jump':
    case 'goto':
      return `${kind} ${expressionText(value['target'])}`;
    case 'counter':
      return 'counter';
    default:
      return `${kind} ${JSON.stringify(value)}`;
  }
}

function plainOperator(operator: unknown): unknown {
  return operator === '==' || operator === 'in' ? '' : operator;
}

function expressionText(expression: unknown): string {
  if (Array.isArray(expression)) return listText(expression, expressionText);
  if (!isFields(expression)) return String(expression);
  const [kind = '', value] = Object.entries(expression)[0] ?? [];
  if (Array.isArray(value)) return operationText(kind, value);
  if (!isFields(value)) return value === null ? kind : JSON.stringify(expression);
  switch (kind) {
    case 'payload':
      return `${value['protocol']} ${value['field']}`;
    case 'meta':
    case 'ct':
      return `${kind} ${value['key']}`;
    case 'prefix':
      return `${value['addr']}/${value['len']}`;
    case 'elem':
      return expressionText(value['val']);
    case 'jump':
    case 'goto':
      return `${kind} ${value['target']}`;
    default:
      return JSON.stringify(expression);
  }
}

function operationText(kind: string, operands: readonly unknown[]): string {
  if (kind === 'range') return operands.map(expressionText).join('-');
  if (kind === 'concat') return operands.map(expressionText).join(' . ');
  if (kind === 'set') {
    return `{ ${listText(operands, (item) => (Array.isArray(item) ? item.map(expressionText).join(' : ') : expressionText(item)))} }`;
  }
  return operands.map(expressionText).join(` ${kind} `);
}

function listText(items: readonly unknown[], text: (item: unknown) => string): string {
  const shown = items.slice(0, SHOWN).map(text).join(', ');
  return items.length > SHOWN ? `${shown}, …` : shown;
}
