/**
 * The subset of POSIX extended regular expressions that JavaScript reads the same way: literals, `.`, bracket
 * expressions without classes, escapes or a leading `]`, groups, `|`, `*`, `+`, `?`, `{m,n}`, `^`, `$`, and a backslash before
 * punctuation. A `keep` outside of it would select other lines on the local host than over ssh.
 */
export function assertKeep(pattern: string): void {
  const foreign = /\[\^?\]|\[[^\]]*(\[[:.=]|\\)|\\[A-Za-z0-9]|\(\?|[*+?}][*+?]|^[*+?]|[(|][*+?]|[\n\0]/.exec(pattern);
  if (foreign) throw new TypeError(`keep ${JSON.stringify(pattern)}: ${JSON.stringify(foreign[0])} is not portable`);
  new RegExp(pattern);
}

/** The lines that match, each ended by a newline, as `grep -E` prints them. */
export function keptLines(text: string, pattern: string): string {
  const wanted = new RegExp(pattern);
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines
    .filter((line) => wanted.test(line))
    .map((line) => `${line}\n`)
    .join('');
}
