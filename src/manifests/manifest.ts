import { isMap, isScalar, isSeq, type Pair, type Scalar, type YAMLMap } from 'yaml';
import type { YamlDocument } from './documents.ts';
import { isMergeKey, offsetOf, textOf, type YamlNode } from './inspect.ts';
import { type Place, placesIn } from './places.ts';

/** A file that was read. */
export interface ManifestFile {
  /** As the user named it. */
  readonly name: string;
  /** Without its byte order mark. */
  readonly text: string;
  placeOf(offset: number): Place;
}

export function manifestFile(name: string, text: string): ManifestFile {
  return { name, text, placeOf: placesIn(text) };
}

/** A Kubernetes object in a file, or another map that stands for itself (a configuration file): then `kind` is empty. */
export interface Manifest {
  readonly file: ManifestFile;
  readonly document: YamlDocument;
  readonly map: YAMLMap;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Empty where none is given: the one that is applied to is not known. */
  readonly namespace: string;
  /** It was read from a cluster (`kubectl get -o yaml`): what it says of its state was not written by hand. */
  readonly live: boolean;
}

/** A key and its value, as they stand. */
export interface Entry {
  readonly key: Scalar;
  /** What stands there; an alias stays one. Undefined where nothing does. */
  readonly node: YamlNode | undefined;
  /** What is meant: an alias is followed. */
  readonly value: YamlNode | undefined;
  /** It comes by `<<` or through an alias: it stands elsewhere, and others may share it. */
  readonly shared: boolean;
}

/** A Path's numbers are positions in a list. */
export type Path = readonly (string | number)[];

/** Lists within lists, merges within merges, that are followed. */
const DEEPEST = 16;

/** The objects of a document: itself, or what a List holds. A document that is no map holds none. */
export function* manifestsIn(file: ManifestFile, document: YamlDocument): Generator<Manifest> {
  if (isMap(document.contents)) yield* objectsIn({ file, document, map: document.contents }, undefined, 0);
}

type Raw = Pick<Manifest, 'file' | 'document' | 'map'>;
type TypeMeta = Pick<Manifest, 'apiVersion' | 'kind'>;

function* objectsIn(raw: Raw, inherited: TypeMeta | undefined, depth: number): Generator<Manifest> {
  const apiVersion = textAt(raw, ['apiVersion']) ?? inherited?.apiVersion ?? '';
  const kind = textAt(raw, ['kind']) ?? inherited?.kind ?? '';
  const items = kind.endsWith('List') ? entryAt(raw, ['items'])?.value : undefined;
  if (!isSeq(items) || depth >= DEEPEST) {
    yield {
      ...raw,
      apiVersion,
      kind,
      name: textAt(raw, ['metadata', 'name']) ?? '',
      namespace: textAt(raw, ['metadata', 'namespace']) ?? '',
      live: ['uid', 'resourceVersion'].some((key) => textAt(raw, ['metadata', key]) !== undefined),
    };
    return;
  }
  const own = kind === 'List' ? undefined : { apiVersion, kind: kind.slice(0, -'List'.length) };
  for (const item of items.items) {
    const map = raw.document.resolve(item as YamlNode);
    if (isMap(map)) yield* objectsIn({ ...raw, map }, own, depth + 1);
  }
}

/** What stands at a path below an object; undefined where there is no such key. */
export function entryAt(manifest: Raw, path: Path): Entry | undefined {
  let node: YamlNode | undefined = manifest.map;
  let entry: Entry | undefined;
  let shared = false;
  for (const step of path) {
    const next: Entry | undefined = childOf(manifest, node, step);
    if (!next) return undefined;
    shared ||= next.shared || next.node !== next.value;
    entry = { ...next, shared };
    node = next.value;
  }
  return entry;
}

function childOf(manifest: Raw, node: YamlNode | undefined, step: string | number): Entry | undefined {
  if (typeof step === 'string') return isMap(node) ? namedIn(manifest, node, step) : undefined;
  if (!isSeq(node)) return undefined;
  const item = node.items[step] as YamlNode | undefined;
  return item && { key: item as Scalar, node: item, value: manifest.document.resolve(item), shared: false };
}

/** One entry of a map, without an index of all: most are asked for one or two. */
function namedIn(manifest: Raw, map: YAMLMap, name: string): Entry | undefined {
  let merges = false;
  for (const { key, value } of map.items as Pair<YamlNode, YamlNode | null>[]) {
    if (isScalar(key) && key.value === name) return entryOf(manifest, key, value);
    merges ||= isMergeKey(key) || !isScalar(key) || typeof key.value !== 'string';
  }
  return merges ? entriesOf(manifest, map).get(name) : undefined;
}

function entryOf(manifest: Raw, key: Scalar, value: YamlNode | null): Entry {
  if (!value) return { key, node: undefined, value: undefined, shared: false };
  return { key, node: value, value: manifest.document.resolve(value), shared: false };
}

/** The entries of a map by key, those merged in by `<<` behind its own (YAML 1.1, which kubectl reads). */
export function entriesOf(manifest: Raw, map: YamlNode | undefined, depth = 0): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  if (!isMap(map) || depth > DEEPEST) return entries;
  const merged: [string, Entry][] = [];
  for (const { key: written, value } of map.items as Pair<YamlNode, YamlNode | null>[]) {
    const key = written && manifest.document.resolve(written);
    if (isMergeKey(key)) merged.push(...mergedIn(manifest, value, depth));
    else if (isScalar(key)) entries.set(textOf(key), entryOf(manifest, key, value));
  }
  for (const [key, entry] of merged) if (!entries.has(key)) entries.set(key, { ...entry, shared: true });
  return entries;
}

/** What `<<` brings: a map's entries, or those of a list of maps, the first of which counts. */
function mergedIn(manifest: Raw, node: YamlNode | null, depth: number): [string, Entry][] {
  const value = node ? manifest.document.resolve(node) : undefined;
  const sources = isSeq(value) ? (value.items as YamlNode[]) : value ? [value] : [];
  return sources.flatMap((one) => [...entriesOf(manifest, manifest.document.resolve(one), depth + 1)]);
}

/** Plain words that YAML 1.1, which kubectl reads, takes for true and false (go.yaml.in/yaml/v2, resolve.go). */
const BOOLEAN_WORDS = /^(y|yes|on|n|no|off)$/i;

/** Whether an API server would take it for a string. */
export function isText(node: YamlNode | undefined): node is Scalar<string> {
  if (!isScalar(node) || typeof node.value !== 'string') return false;
  return node.type !== 'PLAIN' || !BOOLEAN_WORDS.test(node.value);
}

/** A scalar's text, whatever its type; undefined where there is none, or null. */
export function textAt(manifest: Raw, path: Path): string | undefined {
  const value = entryAt(manifest, path)?.value;
  return isScalar(value) && value.value !== null ? (isText(value) ? value.value : textOf(value)) : undefined;
}

/** The texts of a map, such as labels; what is no scalar is left out. */
export function textsAt(manifest: Raw, path: Path): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const [key, { value }] of entriesOf(manifest, entryAt(manifest, path)?.value)) {
    if (isScalar(value) && value.value !== null) texts.set(key, isText(value) ? value.value : textOf(value));
  }
  return texts;
}

/** Values of a map or list as plain data, to a depth; what is deeper is left out. */
export function dataAt(manifest: Raw, path: Path, depth = 8): unknown {
  return dataOf(manifest, path.length === 0 ? manifest.map : entryAt(manifest, path)?.value, depth);
}

function dataOf(manifest: Raw, node: YamlNode | undefined, depth: number): unknown {
  if (isScalar(node)) return node.value;
  if (depth === 0 || !node) return undefined;
  if (isSeq(node)) {
    return node.items.map((item) => dataOf(manifest, manifest.document.resolve(item as YamlNode), depth - 1));
  }
  const entries = [...entriesOf(manifest, node)].map(([key, { value }]) => [key, dataOf(manifest, value, depth - 1)]);
  return Object.fromEntries(entries);
}

/** Where a node begins. */
export function placeOf({ file, document }: Pick<Manifest, 'file' | 'document'>, node: YamlNode): Place {
  return file.placeOf(document.start + offsetOf(node));
}

/**
 * Where a character of a text stands in the file: exact in a block and in a text on one line without escapes; else where the
 * text begins.
 */
export function placeInside(manifest: Pick<Manifest, 'file' | 'document'>, scalar: Scalar, index: number): Place {
  const { file, document } = manifest;
  const begin = document.start + offsetOf(scalar);
  const end = document.start + (scalar.range?.[1] ?? 0);
  const source = file.text.slice(begin, end);
  const value = String(scalar.value);
  const skip = scalar.type === 'PLAIN' ? 0 : 1;
  if (scalar.type?.startsWith('BLOCK')) return file.placeOf(begin + insideBlock(source, value, index));
  if (source.slice(skip, skip + value.length) === value) return file.placeOf(begin + skip + index);
  return file.placeOf(begin);
}

/** By lines: those of a folded text only where none was folded. */
function insideBlock(source: string, value: string, index: number): number {
  const before = value.slice(0, index).split('\n');
  const lines = source.split('\n');
  const number = before.length;
  const line = lines[number] ?? '';
  const wanted = value.split('\n')[number - 1] ?? '';
  const inset = line.indexOf(wanted);
  if (inset < 0) return 0;
  const start = lines.slice(0, number).reduce((sum, one) => sum + one.length + 1, 0);
  return start + inset + (before.at(-1)?.length ?? 0);
}
