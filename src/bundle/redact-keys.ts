import { keepingLines, REDACTED } from './redact-shapes.ts';

/**
 * Names whose value is a secret, as they end: `token`, `agent-token`, `K3S_TOKEN`, `clientSecret`, `client-key-data`. One
 * that ends in `-file`, `Name`, `Ref` or `-ttl` tells where a secret is or how long it lasts, which is none.
 */
const SECRET_NAME = new RegExp(
  `(?:${[
    'pass(?:word|wd|phrase|code)?s?',
    'passw(?:or)?d_?hash',
    'pwd',
    '(?:^|[-_.]|bind|root|admin|user|db)pw',
    'secret[-_.]?id',
    'webhook(?:[-_.]?url)?',
    'secrets?',
    'secret[-_.]?(?:text|string|value|data|json)',
    'tokens?',
    'token[-_.]?(?:hash|value|data)',
    '(?:^|[-_.])cookies?',
    'psk',
    'auth',
    'credentials?',
    'dsn',
    'connection[-_.]?string',
    '(?:api|access|account|secret|private|preshared|shared|encryption|encrypt|signing|license|master|auth|join|certificate)[-_.]?keys?',
    'key[-_.]?(?:data|string|base)',
    'communit(?:y|ies)',
    'private[-_.]?key[-_.]?id',
    'auth[-_.]?pass',
  ].join('|')})$`,
  'i',
);

/** Names that end so and hold none: systemd's `LoadCredential` names a file, a rule may pass. */
const PLAIN_NAME = /(?:^|[-_.])(?:(?:import|load)credential|bypass|by-pass)$/i;

/** Words that say whether there is one. */
const NOT_SECRET = /^(?:true|false|null|~|yes|no|on|off|none|""|'')$/i;

export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !PLAIN_NAME.test(name);
}

const NAME = '[A-Za-z0-9_.-]{1,128}';
/** `name: `, `"name": `, `name=`, `name = `, `name+: `, JSON's `\"name\":` within a string. */
const ASSIGNMENT = new RegExp(`(?<![A-Za-z0-9_.-])(\\\\?["']?)(${NAME})\\1(\\s*\\+?[:=]\\s*)`, 'g');

function indentOf(text: string): number {
  return /^[ \t]*/.exec(text)?.[0].length ?? 0;
}

/**
 * Replaces the values of names that tell of a secret: YAML in block and flow style, block scalars and lists below such a
 * name, JSON, environment and INI files, flags of command lines. Line by line: every line stays a line.
 */
export function redactKeys(text: string): string {
  const lines = text.split('\n');
  const out: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const { text: redacted, open } = redactLine(line);
    out.push(redacted);
    if (open === undefined) continue;
    const end = endOf(open, lines, at);
    for (at += 1; at < end; at += 1) out.push(belowSecret(lines[at] ?? '', open));
    at -= 1;
  }
  return out.join('\n');
}

/** How a secret goes on below its line. */
interface Open {
  readonly kind: 'block' | 'list' | 'plain' | 'quoted';
  readonly indent: number;
  readonly quote?: string;
}

/** The number of the first line that no longer belongs to it. */
function endOf(open: Open, lines: readonly string[], start: number): number {
  for (let at = start + 1; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (open.kind === 'quoted' && closes(line, open.quote ?? '"')) return at + 1;
    if (open.kind !== 'quoted' && line.trim() !== '' && isBeyond(line, open)) return at;
  }
  return lines.length;
}

function isBeyond(line: string, { kind, indent }: Open): boolean {
  const deep = indentOf(line);
  return kind === 'list' ? deep < indent || !PLAIN_ITEM.test(line) : deep <= indent;
}

/** An item of a list that is words, not a mapping: a list of secrets, and no list of objects that are called so. */
const PLAIN_ITEM = /^(\s*-\s+)(?!["']?[\w.-]+["']?:(?:\s|$))(\S.*)$/;

function closes(line: string, quote: string): boolean {
  return new RegExp(quote === '"' ? '(?<!\\\\)(?:\\\\\\\\)*"' : "'").test(line);
}

function belowSecret(line: string, { kind, quote }: Open): string {
  if (kind === 'quoted') {
    const end = line.lastIndexOf(quote ?? '"');
    return end === -1 ? keepingLines(line) : keepingLines(line.slice(0, end)) + line.slice(end);
  }
  if (kind !== 'list') return keepingLines(line);
  return line.replace(PLAIN_ITEM, (_, dash: string) => dash + REDACTED);
}

/** A line while it is read from left to right; every question about it costs what lies between it and the last. */
interface Scan {
  readonly line: string;
  /** Up to here there is nothing but indentation, a list's dashes, `export` and a quote. */
  readonly lead: number;
  counted: number;
  depth: number;
}

function scanOf(line: string): Scan {
  const lead = /^[ \t]*(?:-[ \t]+)*(?:export[ \t]+)?["']?/.exec(line)?.[0].length ?? 0;
  return { line, lead, counted: 0, depth: 0 };
}

/** Within braces that are still open: `- {name: node1, password: x}`. Asked for places in their order. */
function isFlow(scan: Scan, at: number): boolean {
  for (; scan.counted < at; scan.counted += 1) {
    const char = scan.line[scan.counted];
    if (char === '{') scan.depth += 1;
    else if (char === '}') scan.depth -= 1;
  }
  return scan.depth > 0;
}

function redactLine(line: string): { text: string; open?: Open } {
  const scan = scanOf(line);
  const pieces: string[] = [];
  let from = 0;
  ASSIGNMENT.lastIndex = 0;
  for (let found = ASSIGNMENT.exec(line); found; found = ASSIGNMENT.exec(line)) {
    const [whole, , name = '', separator = ''] = found;
    // The next name may begin within this one's value.
    if (!isSecretName(name)) continue;
    const start = found.index + whole.length;
    const value = valueAt(scan, start, { key: found.index, yaml: separator.includes(':') });
    pieces.push(line.slice(from, start), value.text);
    from = value.end;
    if (value.open) return { text: flags(pieces.join('') + line.slice(from)), open: value.open };
    ASSIGNMENT.lastIndex = value.end;
  }
  return { text: flags(pieces.join('') + line.slice(from)) };
}

interface Value {
  readonly text: string;
  readonly end: number;
  readonly open?: Open;
}

interface Place {
  /** Where the name begins. */
  readonly key: number;
  /** After a colon. */
  readonly yaml: boolean;
}

/** Anchors and tags, which may stand before a value. */
const NODE_PROPERTIES = /(?:[&!]\S+[ \t]+){0,2}/y;
const BLOCK = /[|>][-+0-9]{0,2}[ \t]*(?:#.*)?$/y;
const LIST = /\[[^\][]*\]/y;
const QUOTE = /\\?["']/y;

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function valueAt(scan: Scan, start: number, place: Place): Value {
  const { line, lead } = scan;
  const indent = place.key <= lead ? place.key : indentOf(line);
  if (matchAt(/\s*$/y, line, start) !== undefined) {
    return { text: '', end: start, ...(place.yaml && { open: { kind: 'list', indent } }) };
  }
  const properties = matchAt(NODE_PROPERTIES, line, start) ?? '';
  const at = start + properties.length;
  if (place.yaml && matchAt(BLOCK, line, at) !== undefined) {
    return { text: line.slice(start), end: line.length, open: { kind: 'block', indent } };
  }
  const quote = matchAt(QUOTE, line, at);
  if (quote !== undefined) return quotedValue(line, at + quote.length, { quote, indent, lead: properties });
  const list = matchAt(LIST, line, at);
  if (list !== undefined) return { text: properties + list.replace(/[^[\],\s]+/g, REDACTED), end: at + list.length };
  if (line[at] === '{') return { text: '', end: start };
  return plainValue(scan, start, { ...place, indent });
}

interface Quoted {
  readonly quote: string;
  readonly indent: number;
  readonly lead: string;
}

function quotedValue(line: string, start: number, { quote, indent, lead }: Quoted): Value {
  const end = quoteEnd(line, start, quote);
  if (end === -1) {
    return { text: `${lead}${quote}${REDACTED}`, end: line.length, open: { kind: 'quoted', indent, quote } };
  }
  const value = line.slice(start, end);
  return { text: lead + quote + (NOT_SECRET.test(value) || value === '' ? value : REDACTED), end };
}

function quoteEnd(line: string, start: number, quote: string): number {
  if (quote.startsWith('\\')) return line.indexOf(quote, start);
  const inside = matchAt(quote === '"' ? /(?:[^"\\]|\\.)*(?=")/y : /(?:[^']|'')*(?=')/y, line, start);
  return inside === undefined ? -1 : start + inside.length;
}

function plainValue(scan: Scan, start: number, { key, yaml, indent }: Place & { readonly indent: number }): Value {
  const whole = key <= scan.lead;
  const flow = isFlow(scan, key);
  const end = plainEnd(scan.line, start, { whole, yaml, flow });
  const value = scan.line.slice(start, end);
  if (NOT_SECRET.test(value)) return { text: value, end };
  const open = yaml && whole && !flow ? ({ open: { kind: 'plain', indent } } as const) : {};
  return { text: REDACTED, end, ...open };
}

/** Of a flow mapping up to the comma; of YAML up to a comment; of a line of its own up to a shell's next command. */
const FLOW_END = /,\s|,$|[}\]]/g;
const COMMENT = /\s#/g;
const NEXT_COMMAND = /;|&&|\|\||\s\|\s/g;
const WORD_END = /[\s"']/g;

function plainEnd(
  line: string,
  start: number,
  { whole, yaml, flow }: { whole: boolean; yaml: boolean; flow: boolean },
): number {
  const pattern = flow ? FLOW_END : whole ? (yaml ? COMMENT : NEXT_COMMAND) : WORD_END;
  pattern.lastIndex = start;
  let end = pattern.exec(line)?.index ?? line.length;
  while (end > start && /\s/.test(line[end - 1] ?? '')) end -= 1;
  return end;
}

/** A flag and its value in the next word, bare, quoted, or the next of a JSON list. */
const FLAG = /((?:^|[\s"'[,])--?)([A-Za-z][\w.-]*)(["']?\s*,\s*|\s+)("(?:[^"\\]|\\.)*"|'[^']*'|(?!-)[^\s"',\]]+)/g;
/** `neighbor … password X`, `auth_pass X`, `key-string X`: configuration in words. */
const IN_WORDS =
  /(?<![\w-])((?:password|passwd|auth_pass|authentication-key|key-string|secret|r[ow]community6?|community|md5|requirepass|masterauth|bindpw|rootpw)(?:\s+\d)?\s+)("[^"]*"|[^\s"':=,;]+)(\s*;?\s*)$/i;

function flags(line: string): string {
  return line
    .replace(FLAG, (whole, dashes: string, name: string, gap: string, value: string) =>
      isSecretName(name) ? dashes + name + gap + withinQuotes(value) : whole,
    )
    .replace(IN_WORDS, (whole, head: string, value: string, tail: string) =>
      value.includes(REDACTED) ? whole : `${head}${REDACTED}${tail}`,
    )
    .replace(/(\blogin\s+\S+\s+password\s+)\S+/g, (_, head: string) => head + REDACTED);
}

function withinQuotes(value: string): string {
  const quote = /^["']/.exec(value)?.[0] ?? '';
  return quote + REDACTED + quote;
}
