import { isMap, isScalar, type Scalar, type YAMLMap } from 'yaml';
import { offsetOf, type YamlNode } from './inspect.ts';
import { type Entry, entryAt, type Manifest } from './manifest.ts';

/** A change of a file's text: nothing else of it is touched, so that comments, order and layout stay. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Applies edits that do not overlap; of two that do, the later one in the text is left out. The same edit twice (an object that
 * aliases stand for) is one.
 */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const pieces: string[] = [];
  let at = 0;
  let last: Edit | undefined;
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const { start, end, text: replacement } = edit;
    if (start < at || (last?.start === start && last.end === end && last.text === replacement)) continue;
    last = edit;
    pieces.push(text.slice(at, start), replacement);
    at = end;
  }
  return pieces.join('') + text.slice(at);
}

/**
 * Adds an annotation. Undefined where that would change more than this object (an anchor, an alias or a merge is shared) or
 * where the layout is one that is not edited here.
 */
export function addAnnotation(manifest: Manifest, key: string, value: string): Edit | undefined {
  const metadata = entryAt(manifest, ['metadata']);
  if (!metadata || !editable(metadata) || !isMap(metadata.value)) return undefined;
  const annotations = entryAt(manifest, ['metadata', 'annotations']);
  const pair = (flow: boolean) =>
    flow ? `${JSON.stringify(key)}: ${JSON.stringify(value)}` : `${key}: ${quoted(value)}`;
  if (!annotations) {
    return insert(manifest, metadata, (flow, inset, eol) =>
      flow
        ? `"annotations": {${pair(true)}}`
        : `annotations:${eol}${inset}${' '.repeat(stepOf(manifest, metadata))}${pair(false)}`,
    );
  }
  if (!editable(annotations)) return undefined;
  if (isNothing(annotations.value)) return fill(manifest, metadata, annotations, pair);
  if (!isMap(annotations.value)) return undefined;
  const existing = entryAt(manifest, ['metadata', 'annotations', key]);
  if (existing) return replaceScalar(manifest, existing, value);
  return insert(manifest, annotations, (flow) => pair(flow));
}

/** Writes another text where a scalar stands; undefined for a block scalar, or where others share it. */
export function replaceScalar(manifest: Manifest, entry: Entry, value: string): Edit | undefined {
  const { node } = entry;
  if (!editable(entry) || !isScalar(node) || node.type?.startsWith('BLOCK') || !node.range) return undefined;
  if (node.range[0] === node.range[1]) return undefined;
  const double = node.type === 'QUOTE_DOUBLE';
  return at(manifest, node.range[0], node.range[1], double ? JSON.stringify(value) : quoted(value));
}

/** Gives an entry another key. */
export function renameKey(manifest: Manifest, { key, shared }: Entry, name: string): Edit | undefined {
  if (shared || !key.range || key.anchor !== undefined) return undefined;
  const quote = key.type === 'QUOTE_DOUBLE' ? '"' : key.type === 'QUOTE_SINGLE' ? "'" : '';
  return at(manifest, key.range[0], key.range[1], quote + name + quote);
}

function at({ document }: Manifest, start: number, end: number, text: string): Edit {
  return { start: document.start + start, end: document.start + end, text };
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

function editable({ shared, node, value }: Entry): boolean {
  return !shared && node === value && (node === undefined || (node.anchor === undefined && node.tag === undefined));
}

function isNothing(node: YamlNode | undefined): boolean {
  return node === undefined || (isScalar(node) && node.value === null) || (isMap(node) && node.items.length === 0);
}

type Text = (flow: boolean, inset: string, eol: string) => string;

/** A new first entry of a map that has entries; `entry` is the map's own. */
function insert(manifest: Manifest, entry: Entry, text: Text): Edit | undefined {
  const map = entry.value as YAMLMap;
  return map.flow ? insertFlow(manifest, map, text) : insertBlock(manifest, entry, map, text);
}

function insertFlow(manifest: Manifest, map: YAMLMap, text: Text): Edit | undefined {
  const [first] = map.items;
  const source = sourceOf(manifest);
  const open = map.range?.[0] ?? 0;
  if (source[open] !== '{') return undefined;
  if (!first) return at(manifest, open + 1, open + 1, text(true, '', ''));
  const before = offsetOf(first.key as Scalar);
  const gap = source.slice(open + 1, before);
  // A comment between the brace and the first key is that key's.
  const lead = gap.trim() === '' ? gap : ' ';
  return at(manifest, open + 1, open + 1, `${lead}${text(true, '', '')},${lead === '' ? ' ' : ''}`);
}

function insertBlock(manifest: Manifest, entry: Entry, map: YAMLMap, text: Text): Edit | undefined {
  const source = sourceOf(manifest);
  const line = restOfLine(source, entry.key.range?.[1] ?? 0);
  const first = offsetOf((map.items[0]?.key ?? map) as Scalar);
  const inset = source.slice(source.lastIndexOf('\n', first - 1) + 1, first);
  // Only where the key's line holds nothing else and each entry has a line of its own.
  if (!line || inset.trim() !== '' || first < line.end) return undefined;
  return at(manifest, line.end, line.end, `${inset}${text(false, inset, line.eol)}${line.eol}`);
}

/** Puts the first entry into a map that is empty, or null. */
function fill(manifest: Manifest, parent: Entry, entry: Entry, pair: (flow: boolean) => string): Edit | undefined {
  const node = entry.node;
  const range = node?.range;
  if ((parent.value as YAMLMap).flow) {
    return range && range[0] < range[1] ? at(manifest, range[0], range[1], `{${pair(true)}}`) : undefined;
  }
  const source = sourceOf(manifest);
  const keyEnd = entry.key.range?.[1] ?? 0;
  const colon = source.indexOf(':', keyEnd) + 1;
  // A null that is not written has its place behind the comment, if there is one.
  const valueEnd = range && range[0] < range[1] ? range[1] : colon;
  const line = restOfLine(source, valueEnd, true);
  const start = offsetOf(entry.key);
  const inset = source.slice(source.lastIndexOf('\n', start - 1) + 1, start);
  const plain = source.slice(keyEnd, colon).trim() === ':' && !source.slice(colon, valueEnd).includes('\n');
  if (!line || !plain || inset.trim() !== '') return undefined;
  const own = `${inset}${' '.repeat(stepOf(manifest, parent))}${pair(false)}`;
  const rest = source.slice(valueEnd, line.end);
  return at(manifest, colon, line.end, line.closed ? `${rest}${own}${line.eol}` : `${rest}${line.eol}${own}`);
}

/** By how much a map's entries stand deeper than its key. */
function stepOf(manifest: Manifest, { key, value }: Entry): number {
  const [first] = (value as YAMLMap).items;
  const column = (node: YamlNode) => manifest.file.placeOf(manifest.document.start + offsetOf(node)).column;
  const step = first ? column(first.key as Scalar) - column(key) : 2;
  return step > 0 ? step : 2;
}

interface LineRest {
  /** Where the next line begins. */
  readonly end: number;
  readonly eol: string;
  /** It ends with a newline; the last line of a file may not. */
  readonly closed: boolean;
}

/** The rest of a line that holds no more than a colon and a comment. */
function restOfLine(source: string, from: number, afterColon = false): LineRest | undefined {
  const newline = source.indexOf('\n', from);
  const closed = newline >= 0;
  const rest = source.slice(from, closed ? newline : source.length);
  if (!(afterColon ? /^\s*(\s#[^\n]*)?$/ : /^\s*:\s*(\s#[^\n]*)?$/).test(rest)) return undefined;
  const eol = rest.endsWith('\r') ? '\r\n' : '\n';
  return { end: closed ? newline + 1 : source.length, eol, closed };
}

/** The document's own text, in which ranges count. */
function sourceOf({ file, document }: Manifest): string {
  return document.start === 0 ? file.text : file.text.slice(document.start);
}
