/** Where a text stops being JSON, and why. */
export interface JsonFault {
  /** One short sentence in English, without anything of the text but the character met. */
  readonly message: string;
  readonly at: number;
}

/**
 * Finds what JSON.parse refuses a text for. Its own errors name a position in some cases and some releases of Node only, and
 * quote the text. Undefined for JSON.
 */
export function jsonFault(text: string): JsonFault | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    return faultIn(text);
  }
}

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or ]' | 'comma or }' | 'end';

const WANTED: Readonly<Record<Expected, string>> = {
  value: 'a value',
  'value or ]': 'a value or ]',
  key: 'a name in double quotes',
  'key or }': 'a name in double quotes or }',
  colon: 'a colon',
  'comma or ]': 'a comma or ]',
  'comma or }': 'a comma or }',
  end: 'the end',
};

const TOKEN =
  /[ \t\n\r]+|[{}[\],:]|"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y;

function faultIn(text: string): JsonFault {
  const open: ('[' | '{')[] = [];
  let expected: Expected = 'value';
  for (const { token, at } of tokensOf(text)) {
    const next: Expected | undefined = token === undefined ? undefined : after(token, expected, open);
    if (!next) return unexpected(text, at, expected);
    expected = next;
  }
  return { message: `it ends where ${WANTED[expected]} is expected`, at: text.length };
}

/** Without the blanks between; an undefined token, the last, is where there is none of JSON's. */
function* tokensOf(text: string): Generator<{ readonly token: string | undefined; readonly at: number }> {
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const [token] = TOKEN.exec(text) ?? [];
    if (token === undefined || !/^[ \t\n\r]/.test(token)) yield { token, at };
    if (token === undefined) return;
    at += token.length;
  }
}

function unexpected(text: string, at: number, expected: Expected): JsonFault {
  const [char = ''] = text.slice(at, at + 2);
  if (char === '"') return { message: 'a text that is not closed, or holds a line break or a wrong escape', at };
  return { message: `${JSON.stringify(char)} where ${WANTED[expected]} is expected`, at };
}

/** The token that closes what is open, where one may stand. */
const CLOSING: Readonly<Partial<Record<Expected, string>>> = {
  'value or ]': ']',
  'comma or ]': ']',
  'key or }': '}',
  'comma or }': '}',
};

/** What may follow a token; undefined where it may not stand. `open` holds what is not closed yet. */
function after(token: string, expected: Expected, open: ('[' | '{')[]): Expected | undefined {
  if (token === CLOSING[expected]) {
    open.pop();
    return outside(open);
  }
  switch (expected) {
    case 'value or ]':
    case 'value':
      return afterValue(token, open);
    case 'key or }':
    case 'key':
      return token.startsWith('"') ? 'colon' : undefined;
    case 'colon':
      return token === ':' ? 'value' : undefined;
    case 'comma or ]':
      return token === ',' ? 'value' : undefined;
    case 'comma or }':
      return token === ',' ? 'key' : undefined;
    case 'end':
      return undefined;
  }
}

function afterValue(token: string, open: ('[' | '{')[]): Expected | undefined {
  if (token === '{' || token === '[') {
    open.push(token);
    return token === '{' ? 'key or }' : 'value or ]';
  }
  return /^[}\],:]/.test(token) ? undefined : outside(open);
}

function outside(open: readonly ('[' | '{')[]): Expected {
  const last = open.at(-1);
  if (last === undefined) return 'end';
  return last === '{' ? 'comma or }' : 'comma or ]';
}

/** A name that stands a second time in one object of a JSON text, and where. JSON.parse and Go's encoding/json take the last value. */
export interface DuplicateName {
  readonly name: string;
  readonly at: number;
}

/** The first name that stands twice; undefined where none does. The text must be JSON. */
export function duplicateName(text: string): DuplicateName | undefined {
  const open: Set<string>[] = [];
  let last = { token: '', at: 0 };
  for (const { token = '', at } of tokensOf(text)) {
    if (token === '{' || token === '[') open.push(new Set());
    if (token === '}' || token === ']') open.pop();
    if (token === ':') {
      const name = JSON.parse(last.token) as string;
      if (open.at(-1)?.has(name)) return { name, at: last.at };
      open.at(-1)?.add(name);
    }
    last = { token, at };
  }
  return undefined;
}
