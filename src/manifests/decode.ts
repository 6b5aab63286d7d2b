import { isUtf8 } from 'node:buffer';

/** A file's text, or the first place at which it is none. */
export type Decoded =
  | { readonly kind: 'text'; readonly text: string; readonly bom: boolean }
  | { readonly kind: 'fault'; readonly fault: EncodingFault; readonly line: number; readonly column: number };

export type EncodingFault = 'utf-16' | 'utf-32' | 'not-utf-8' | 'nul';

const NEWLINE = 0x0a;

/**
 * Bytes as kubectl reads them: UTF-8, with or without a byte order mark. UTF-16, which PowerShell's `>` writes, Latin-1 and
 * NUL bytes are named with their place (line and column from 1), never guessed at.
 */
export function decode(bytes: Uint8Array): Decoded {
  const wide = wideMark(bytes);
  if (wide) return { kind: 'fault', fault: wide, line: 1, column: 1 };
  const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const body = bom ? bytes.subarray(3) : bytes;
  const nul = body.indexOf(0);
  if (!isUtf8(body)) {
    const bad = firstInvalid(body);
    return nul >= 0 && nul < bad ? faultAt(body, nul, 'nul') : faultAt(body, bad, 'not-utf-8');
  }
  if (nul >= 0) return faultAt(body, nul, 'nul');
  return { kind: 'text', text: new TextDecoder().decode(body), bom };
}

/** The marks of the wide encodings (Unicode, table 2-4); UTF-32's little one begins as UTF-16's does. */
function wideMark([a, b, c, d]: Uint8Array): EncodingFault | undefined {
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? 'utf-32' : 'utf-16';
  if (a === 0xfe && b === 0xff) return 'utf-16';
  return a === 0 && b === 0 && c === 0xfe && d === 0xff ? 'utf-32' : undefined;
}

function firstInvalid(bytes: Uint8Array): number {
  let from = 0;
  for (;;) {
    const end = lineEnd(bytes, from);
    if (!isUtf8(bytes.subarray(from, end))) break;
    from = end + 1;
  }
  // Within the line: the longest valid beginning, a character of at most four bytes at a time.
  let at = from;
  while (at < bytes.length) {
    const length = [1, 2, 3, 4].find((size) => isUtf8(bytes.subarray(at, at + size)));
    if (length === undefined) break;
    at += length;
  }
  return at;
}

function lineEnd(bytes: Uint8Array, from: number): number {
  const end = bytes.indexOf(NEWLINE, from);
  return end < 0 ? bytes.length : end;
}

function faultAt(bytes: Uint8Array, at: number, fault: EncodingFault): Decoded {
  const before = bytes.subarray(0, at);
  const lineStart = before.lastIndexOf(NEWLINE) + 1;
  let line = 1;
  for (let end = before.indexOf(NEWLINE); end >= 0; end = before.indexOf(NEWLINE, end + 1)) line += 1;
  return { kind: 'fault', fault, line, column: new TextDecoder().decode(before.subarray(lineStart)).length + 1 };
}
