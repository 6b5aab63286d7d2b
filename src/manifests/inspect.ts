import { type Alias, isAlias, isMap, isScalar, isSeq, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Fault } from './fault.ts';

export type YamlNode = Scalar | YAMLMap | YAMLSeq | Alias;

interface Inspected {
  readonly fault?: { readonly fault: Fault; readonly offset: number };
  resolve(node: YamlNode): YamlNode | undefined;
}

/**
 * What aliases may stand for in all: as the YAML library of kubectl (go.yaml.in/yaml, decode.go) has it, which gives up when
 * nearly all it decodes comes from aliases. Below the lower bound any share is fine, above the upper one a tenth.
 */
const ALIAS_FREE = 100;
const ALIASES_LOW = 400_000;
const ALIASES_HIGH = 4_000_000;

interface Anchored {
  readonly node: YamlNode;
  readonly offset: number;
  /** Nodes it stands for, its own aliases followed. */
  size: number;
}

/** The size of what is being counted still: an alias to it stands within itself. */
const UNFINISHED = 0;

interface Walk {
  readonly source: string;
  readonly anchors: Map<string, Anchored[]>;
  fault: { readonly fault: Fault; readonly offset: number } | undefined;
  own: number;
  aliased: number;
  /** The alias that stands for most. */
  heaviest: { readonly offset: number; readonly size: number } | undefined;
}

/**
 * Goes once through a document: keys that stand twice, keys that are no text, aliases. Aliases are counted, never followed,
 * so that a bomb of nine lines costs nine lines.
 */
export function inspect(contents: YamlNode, source: string): Inspected {
  const walk: Walk = { source, anchors: new Map(), fault: undefined, own: 0, aliased: 0, heaviest: undefined };
  visit(contents, walk);
  const bomb = excessive(walk);
  const fault = walk.fault ?? bomb;
  return { ...(fault && { fault }), resolve: (node) => (isAlias(node) ? anchored(node, walk)?.node : node) };
}

function excessive({ own, aliased, heaviest }: Walk): Walk['fault'] {
  const all = own + aliased;
  if (aliased <= ALIAS_FREE || !heaviest) return undefined;
  const share = aliased / all;
  const allowed =
    all <= ALIASES_LOW
      ? 0.99
      : all >= ALIASES_HIGH
        ? 0.1
        : 0.99 - 0.89 * ((all - ALIASES_LOW) / (ALIASES_HIGH - ALIASES_LOW));
  if (all <= 10_000 || share <= allowed) return undefined;
  return { fault: { kind: 'aliases', nodes: aliased }, offset: heaviest.offset };
}

/** Returns how many nodes it stands for, itself included. */
function visit(node: YamlNode | null | undefined, walk: Walk): number {
  if (!node) return 0;
  walk.own += 1;
  if (isAlias(node)) return visitAlias(node, walk);
  const anchor = node.anchor;
  const entry = anchor === undefined ? undefined : { node, offset: offsetOf(node), size: UNFINISHED };
  if (entry && anchor !== undefined) remember(walk.anchors, anchor, entry);
  let size = 1;
  if (isMap(node)) size += visitMap(node, walk);
  else if (isSeq(node)) for (const item of node.items) size += visit(item as YamlNode | null, walk);
  if (entry) entry.size = size;
  return size;
}

function remember(anchors: Walk['anchors'], name: string, entry: Anchored): void {
  const same = anchors.get(name);
  if (same) same.push(entry);
  else anchors.set(name, [entry]);
}

function visitAlias(node: Alias, walk: Walk): number {
  const offset = offsetOf(node);
  const found = anchored(node, walk);
  if (!found) {
    walk.fault ??= { fault: { kind: 'alias-unknown', name: node.source }, offset };
    return 1;
  }
  if (found.size === UNFINISHED) walk.fault ??= { fault: { kind: 'alias-within', name: node.source }, offset };
  walk.aliased += found.size;
  if (!walk.heaviest || found.size > walk.heaviest.size) walk.heaviest = { offset, size: found.size };
  return found.size;
}

function visitMap(map: YAMLMap, walk: Walk): number {
  const seen = new Set<string>();
  let size = 0;
  for (const { key, value } of map.items) {
    checkKey(key as YamlNode | null, seen, walk);
    size += visit(key as YamlNode | null, walk) + visit(value as YamlNode | null, walk);
  }
  return size;
}

function checkKey(key: YamlNode | null, seen: Set<string>, walk: Walk): void {
  if (walk.fault || isAlias(key)) return;
  if (!isScalar(key)) {
    if (key) walk.fault = { fault: { kind: 'key-not-text' }, offset: offsetOf(key) };
    return;
  }
  const text = textOf(key);
  if (isMergeKey(key)) return;
  if (seen.has(text)) walk.fault = { fault: { kind: 'duplicate-key', key: text }, offset: offsetOf(key) };
  seen.add(text);
}

/** `<<`, by which YAML 1.1 takes over what another map holds. */
export function isMergeKey(key: YamlNode | null | undefined): boolean {
  return isScalar(key) && key.type === 'PLAIN' && textOf(key) === '<<';
}

/** The last anchor of that name before the alias. */
function anchored(alias: Alias, walk: Walk): Anchored | undefined {
  const offset = offsetOf(alias);
  return walk.anchors.get(alias.source)?.findLast((one) => one.offset < offset);
}

/** Where a node begins, counted from its document's start. */
export function offsetOf(node: YamlNode): number {
  return node.range?.[0] ?? 0;
}

/** A scalar as it is written: `0123` and `off` stay text. */
export function textOf(scalar: Scalar): string {
  return scalar.type === 'PLAIN' && scalar.source !== undefined ? scalar.source : String(scalar.value ?? '');
}
