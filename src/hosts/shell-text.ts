/** A word that a POSIX shell reads back as exactly this text. */
export function quoted(word: string): string {
  if (word.includes('\0')) throw new TypeError('a shell word cannot hold a NUL');
  return inQuotes(word);
}

/**
 * The same for what people read and copy: in quotes only where the shell needs them. It never throws: what is shown may
 * hold whatever a node said.
 */
export function shellWord(word: string): string {
  return /^[A-Za-z0-9_./:=,@%+-]+$/.test(word) ? word : inQuotes(word);
}

function inQuotes(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** A path with `{release}` filled in by the shell from `$REL`. */
export function quotedPath(path: string): string {
  return path.split('{release}').map(quoted).join('"$REL"');
}

/** A glob in which only `*` is special. */
export function quotedGlob(glob: string): string {
  return glob
    .split('*')
    .map((part) => (part === '' ? '' : quotedPath(part)))
    .join('*');
}

const OCTETS_PER_LINE = 512;

/**
 * Shell commands that print exactly these bytes: printf's octal escapes are the one binary-safe form that every POSIX
 * shell has built in, without a program (base64) or a length limit on arguments.
 */
export function printing(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; start += OCTETS_PER_LINE) {
    lines.push(`printf '${[...bytes.subarray(start, start + OCTETS_PER_LINE)].map(octet).join('')}'`);
  }
  return lines.length === 0 ? ':' : lines.join('\n');
}

function octet(byte: number): string {
  const char = String.fromCharCode(byte);
  return /[A-Za-z ,.:;=/_#@+]/.test(char) ? char : `\\${byte.toString(8).padStart(3, '0')}`;
}
