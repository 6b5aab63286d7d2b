import { isSecretName } from './redact-keys.ts';
import { REDACTED } from './redact-shapes.ts';

function indentOf(line: string): number {
  return /^[ \t]*/.exec(line)?.[0].length ?? 0;
}

/** Replaces what is secret by the block it stands in: a Secret's data, `chpasswd`'s list, a flag's value in the next item, `name` and `value`. */
export function redactBlocks(text: string): string {
  const lines = text.split('\n');
  redactSecrets(lines);
  redactChpasswd(lines);
  redactItemsAfterFlags(lines);
  redactNamedValues(lines);
  return lines.join('\n').replace(JSON_SECRET, withoutData).replace(JSON_NAMED, withoutValue);
}

const JSON_SECRET = /\{[^{}]*"kind"\s*:\s*"Secret"(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}/g;
const JSON_DATA = /("(?:data|stringData)"\s*:\s*\{)([^{}]*)(\})/g;

function withoutData(object: string): string {
  return object.replace(JSON_DATA, (_, head: string, body: string, tail: string) => {
    const values = body.replace(/(:\s*)"(?:[^"\\]|\\.)*"/g, (__, colon: string) => `${colon}"${REDACTED}"`);
    return head + values + tail;
  });
}

/** `data` and `stringData` of every document that says `kind: Secret`, whatever it is indented by. */
function redactSecrets(lines: string[]): void {
  /** By indentation, where the last document looked at ends: each is gone through once. */
  const done = new Map<number, number>();
  for (const [at, line] of lines.entries()) {
    const found = /^(\s*(?:-\s+)?)kind:\s*["']?Secret["']?\s*(?:#.*)?$/.exec(line);
    if (!found) continue;
    const indent = found[1]?.length ?? 0;
    if (at < (done.get(indent) ?? 0)) continue;
    const [start, end] = documentAround(lines, at, indent);
    done.set(indent, end);
    for (let number = start; number < end; number += 1) {
      const key = /^(\s*(?:-\s+)?)(?:data|stringData):\s*(?:#.*)?$/.exec(lines[number] ?? '');
      if (key && (key[1]?.length ?? 0) === indent) number = redactBelow(lines, number, indent) - 1;
    }
  }
}

/** The lines of the mapping that a line is a key of. */
function documentAround(lines: readonly string[], at: number, indent: number): [number, number] {
  const ends = (line: string) =>
    line.trim() !== '' && (/^\s*---\s*$/.test(line) || indentOf(line) < indentOfItem(indent));
  const isItem = (line: string) => indent > 0 && /^\s*- /.test(line) && keyIndent(line) === indent;
  let start = at;
  while (start > 0 && !isItem(lines[start] ?? '') && !ends(lines[start - 1] ?? '')) start -= 1;
  let end = at + 1;
  while (end < lines.length && !isItem(lines[end] ?? '') && !ends(lines[end] ?? '')) end += 1;
  return [start, end];
}

/** A list's dash stands at most two columns before its keys. */
function indentOfItem(indent: number): number {
  return Math.max(0, indent - 2);
}

function keyIndent(line: string): number {
  return /^\s*(?:-\s+)*/.exec(line)?.[0].length ?? 0;
}

/** Everything deeper than a key, but the names of its own keys; returns the number of the line after it. */
function redactBelow(lines: string[], key: number, indent: number): number {
  let at = key + 1;
  for (; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line.trim() === '') continue;
    if (indentOf(line) <= indent) break;
    const entry = /^(\s*["']?[\w./-]+["']?:\s*)(\S.*)?$/.exec(line);
    if (!entry) lines[at] = `${' '.repeat(indentOf(line))}${REDACTED}`;
    else if (entry[2] !== undefined && !/^[|>][-+0-9]*$/.test(entry[2])) lines[at] = `${entry[1]}${REDACTED}`;
  }
  return at;
}

/** cloud-init's `chpasswd`: lines of USER:PASSWORD. */
function redactChpasswd(lines: string[]): void {
  for (const [at, line] of lines.entries()) {
    const found = /^(\s*(?:-\s+)?)["']?chpasswd["']?:\s*$/.exec(line);
    if (!found) continue;
    const indent = found[1]?.length ?? 0;
    for (let number = at + 1; number < lines.length; number += 1) {
      const below = lines[number] ?? '';
      if (below.trim() !== '' && indentOf(below) <= indent) break;
      lines[number] = below.replace(
        /^(\s*(?:-\s+)?["']?[\w.-]+:)(?=\S)(?!<redacted>).*$/,
        (_, head: string) => head + REDACTED,
      );
    }
  }
}

const LONE_FLAG = /^\s*-\s+["']?--?[\w.-]*(?:password|passwd|token|secret|psk|api-?key)["']?\s*$/i;

/** An argument list of one item a line: `- --token`, then `- abc`. */
function redactItemsAfterFlags(lines: string[]): void {
  for (const [at, line] of lines.entries()) {
    if (LONE_FLAG.test(line)) {
      lines[at + 1] = (lines[at + 1] ?? '').replace(/^(\s*-\s+)(?!["']?-)\S.*$/, (_, dash: string) => dash + REDACTED);
    }
  }
}

/** A container's environment: `- name: DB_PASSWORD`, and beside it `value: …`, in either order. */
function redactNamedValues(lines: string[]): void {
  for (const [at, line] of lines.entries()) {
    const found = /^(\s*(?:-\s+)?)name:\s*["']?([\w.-]+)["']?\s*$/.exec(line);
    if (!found || !isSecretName(found[2] ?? '')) continue;
    const indent = found[1]?.length ?? 0;
    for (const beside of [at - 1, at + 1]) {
      const value = /^(\s*(?:-\s+)?value:\s*)(?![|>][-+0-9]*\s*$)\S.*$/.exec(lines[beside] ?? '');
      if (value && keyIndent(lines[beside] ?? '') === indent) lines[beside] = `${value[1]}${REDACTED}`;
    }
    redactBlockValue(lines, at + 1, indent);
  }
}

/** `value: |` and what is below it. */
function redactBlockValue(lines: string[], at: number, indent: number): void {
  if (!/^\s*value:\s*[|>][-+0-9]*\s*$/.test(lines[at] ?? '')) return;
  for (let number = at + 1; number < lines.length; number += 1) {
    const line = lines[number] ?? '';
    if (line.trim() !== '' && indentOf(line) <= indent) return;
    if (line.trim() !== '') lines[number] = `${' '.repeat(indentOf(line))}${REDACTED}`;
  }
}

const JSON_NAMED = /("name"\s*:\s*"([\w.-]{1,128})"\s*,\s*"value"\s*:\s*")((?:[^"\\]|\\.)*)"/g;

function withoutValue(whole: string, head: string, name: string): string {
  return isSecretName(name) ? `${head}${REDACTED}"` : whole;
}
