/**
 * glob(7) over keys below /proc/sys as systemd-sysctl uses it (glob(3) with GLOB_BRACE): `*`, `?` and `[...]` stay
 * within one path component and never take a leading dot, `\` makes the next character plain, `{a,b}` alternates
 * (also across `/`). Matching is linear in pattern times name, whatever the pattern.
 */

/** systemd's string_is_glob: braces alone do not make a glob. */
export function isGlob(key: string): boolean {
  return /[*?[]/.test(key);
}

/** Alternatives beyond which a pattern is not expanded any further: nobody writes them, and they double at every brace. */
const MAX_ALTERNATIVES = 1024;

/** A matcher for a glob; calling it many times costs the expansion of braces only once. */
export function globMatcher(pattern: string): (key: string) => boolean {
  const alternatives = expandBraces(pattern).map((text) => text.split('/'));
  return (key) => {
    const names = key.split('/');
    return alternatives.some(
      (components) =>
        components.length === names.length &&
        components.every((component, index) => matchesComponent(component, names[index] ?? '')),
    );
  };
}

function expandBraces(pattern: string): string[] {
  const done: string[] = [];
  const todo = [pattern];
  while (todo.length > 0 && done.length + todo.length < MAX_ALTERNATIVES) {
    const text = todo.shift() ?? '';
    const brace = firstBrace(text);
    if (!brace) done.push(text);
    else
      for (const choice of brace.choices) todo.push(`${text.slice(0, brace.start)}${choice}${text.slice(brace.end)}`);
  }
  return done;
}

interface Brace {
  readonly start: number;
  readonly end: number;
  readonly choices: readonly string[];
}

/** The first `{…}` with its top-level choices; `{}` and an unclosed brace are plain text, as in glibc. */
function firstBrace(text: string): Brace | undefined {
  for (let start = text.indexOf('{'); start >= 0; start = text.indexOf('{', start + 1)) {
    if (text[start + 1] === '}' || text[start - 1] === '\\') continue;
    return closeBrace(text, start);
  }
  return undefined;
}

function closeBrace(text: string, start: number): Brace | undefined {
  const choices: string[] = [];
  let depth = 0;
  let from = start + 1;
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at++;
    else if (char === '{') depth++;
    else if (char === ',' && depth === 0) {
      choices.push(text.slice(from, at));
      from = at + 1;
    } else if (char === '}' && depth-- === 0) {
      choices.push(text.slice(from, at));
      return { start, end: at + 1, choices };
    }
  }
  return undefined;
}

/** fnmatch(3) with FNM_PERIOD on one component. Two cursors and one point to come back to: no recursion. */
function matchesComponent(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !/^\\?\./.test(pattern)) return false;
  const tokens = tokensOf(pattern);
  const chars = [...name];
  let token = 0;
  let char = 0;
  let star = -1;
  let starChar = 0;
  while (char < chars.length) {
    const current = tokens[token];
    if (current === '*') {
      star = token++;
      starChar = char;
    } else if (typeof current === 'function' && current(chars[char] ?? '')) {
      token++;
      char++;
    } else if (star >= 0) {
      token = star + 1;
      char = ++starChar;
    } else return false;
  }
  while (tokens[token] === '*') token++;
  return token === tokens.length;
}

type Token = '*' | ((char: string) => boolean);

function tokensOf(pattern: string): Token[] {
  const chars = [...pattern];
  const tokens: Token[] = [];
  for (let at = 0; at < chars.length; ) {
    const { token, next } = tokenAt(chars, at);
    tokens.push(token);
    at = next;
  }
  return tokens;
}

function tokenAt(chars: readonly string[], at: number): { token: Token; next: number } {
  const char = chars[at];
  if (char === '*') return { token: '*', next: at + 1 };
  if (char === '?') return { token: () => true, next: at + 1 };
  const set = char === '[' ? bracketAt(chars, at) : undefined;
  if (set) return { token: set.accepts, next: set.last + 1 };
  const literal = literalAt(chars, at);
  return { token: (other) => other === literal.char, next: literal.next };
}

const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[0-9A-Za-z]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /[\x00-\x1f\x7f]/,
  digit: /[0-9]/,
  graph: /[\x21-\x7e]/,
  lower: /[a-z]/,
  print: /[\x20-\x7e]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t-\r]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

/** A bracket expression that starts at `[`; undefined when it is never closed and so is a plain `[`. */
function bracketAt(
  chars: readonly string[],
  open: number,
): { accepts: (char: string) => boolean; last: number } | undefined {
  let at = open + 1;
  const negated = chars[at] === '!' || chars[at] === '^';
  if (negated) at++;
  const parts: ((char: string) => boolean)[] = [];
  for (let first = true; at < chars.length; first = false) {
    if (chars[at] === ']' && !first) {
      return { accepts: (char) => parts.some((part) => part(char)) !== negated, last: at };
    }
    const part = bracketPart(chars, at);
    if (!part) return undefined;
    parts.push(part.accepts);
    at = part.next;
  }
  return undefined;
}

function bracketPart(
  chars: readonly string[],
  at: number,
): { accepts: (char: string) => boolean; next: number } | undefined {
  const named = /^\[:([a-z]+):\]/.exec(chars.slice(at, at + 12).join(''));
  if (named) {
    const members = CLASSES[named[1] ?? ''];
    return members && { accepts: (char) => members.test(char), next: at + named[0].length };
  }
  const low = literalAt(chars, at);
  const dash = chars[low.next];
  const after = chars[low.next + 1];
  if (dash !== '-' || after === undefined || after === ']') {
    return { accepts: (char) => char === low.char, next: low.next };
  }
  const high = literalAt(chars, low.next + 1);
  return { accepts: (char) => low.char <= char && char <= high.char, next: high.next };
}

function literalAt(chars: readonly string[], at: number): { char: string; next: number } {
  if (chars[at] === '\\' && at + 1 < chars.length) return { char: chars[at + 1] ?? '', next: at + 2 };
  return { char: chars[at] ?? '', next: at + 1 };
}
