import type { Failure } from '../../hosts/draft.ts';
import { isObject } from '../../plain-object.ts';
import { yamlItems } from './yaml-items.ts';

const MIB = 1024 * 1024;

/** YAML takes seconds for a megabyte, JSON none. */
const MOST_BYTES = { json: 32 * MIB, yaml: 8 * MIB } as const;

/** Of all lists together; their objects take several times their text. */
const MOST = { json: 64 * MIB, yaml: 32 * MIB } as const;

/** Bytes of lists that were read. */
export type Read = { readonly [form in keyof typeof MOST]: number };

export function formOf(member: string): keyof Read {
  return /\.yaml$/.test(member) ? 'yaml' : 'json';
}

/** Whether a list is worth reading at all, after so much that was read; otherwise why not. */
export function tooLarge(member: string, size: number, before: Read): Failure | undefined {
  const form = formOf(member);
  if (size > MOST_BYTES[form]) return failed(`${member}: larger than ${MOST_BYTES[form] / MIB} MiB`);
  if (before[form] + size <= MOST[form]) return undefined;
  return failed(`${member}: the lists in this bundle are more than ${MOST[form] / MIB} MiB`);
}

function failed(detail: string): Failure {
  return { state: 'failed', detail };
}

/** The objects of a dumped list, YAML or JSON; a Failure for what is none. */
export function objectsOf(member: string, text: string): readonly unknown[] | Failure {
  try {
    if (!/^\s*\{/.test(text)) return yamlItems(text);
    const list = JSON.parse(text) as unknown;
    const items = isObject(list) ? list['items'] : undefined;
    if (Array.isArray(items)) return items;
    return isObject(list) && items === null ? [] : failed(`${member}: no list of objects`);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unreadable';
    return failed(`${member}: ${why.split('\n', 1)[0]?.slice(0, 200)}`);
  }
}

/** Deeper than any object of the API. */
const DEEPEST = 64;

/**
 * An object as it was before the kit: it writes the text "null" for an empty one, and for null (support-bundle-kit
 * pkg/manager/collectors/common.go). An address or a label that is empty would have that for its value.
 */
export function withoutNulls(value: unknown, depth = DEEPEST): unknown {
  if (value === 'null') return '';
  if (depth === 0 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => withoutNulls(one, depth - 1));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutNulls(inner, depth - 1)]));
}

/** One list in the text that `kubectl cluster-info dump` prints. */
export interface PrintedList {
  readonly kind: string;
  readonly items: readonly unknown[];
}

/**
 * The lists that stand before the first log: the nodes, and the first namespace's. After it, what kubectl printed can no longer be told
 * from what a Pod did. Each begins and ends with a brace in the first column.
 */
export function printedLists(text: string): readonly PrintedList[] {
  const logs = text.indexOf('==== START logs');
  const before = logs === -1 ? text : text.slice(0, logs);
  return before.split(/\n(?=\{\r?\n)/).flatMap((piece) => {
    const items = objectsOf('dump', piece);
    const kind = /^\s*"kind": "([A-Za-z]+)List"/m.exec(piece)?.[1];
    return 'state' in items || kind === undefined ? [] : [{ kind, items }];
  });
}
