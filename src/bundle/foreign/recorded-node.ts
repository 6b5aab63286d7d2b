import { type Ask, criSource } from '../../hosts/ask.ts';
import { inByteOrder } from '../../hosts/byte-order.ts';
import type { Capture, Entry, ListedFile } from '../../hosts/capture.ts';
import {
  CLOCK_OFFSET_SOURCE,
  CLOCK_SOURCE,
  captureOf,
  type Draft,
  emptyDraft,
  type Failure,
  withRelease,
} from '../../hosts/draft.ts';
import { keptLines } from '../../hosts/keep.ts';
import { planOf, runSource } from '../../hosts/plan.ts';

/** What somebody else's bundle holds of one node. What it does not hold was not collected; it is not absent. */
export interface RecordedNode {
  readonly name: string;
  /** RFC 3339: when it was collected, as far as the bundle tells. */
  readonly takenAt: string;
  /** By the node's own paths. */
  readonly files: ReadonlyMap<string, string>;
  /** Directories copied with all they hold, or found missing by who copied them: a name not in them is absent. */
  readonly whole: ReadonlySet<string>;
  /** Every setting below /proc/sys, by path; undefined where none was collected. */
  readonly settings?: ReadonlyMap<string, string>;
  /** How to get what is missing, e.g. `a support bundle does not hold it; collect it with …`. */
  readonly hint: string;
}

/** Answers asks from what was recorded. */
export function answered(node: RecordedNode, asks: readonly Ask[]): Capture {
  const plan = planOf(asks);
  const draft = emptyDraft();
  const release = (textOf(node, '/proc/sys/kernel/osrelease') ?? '').trim();
  for (const { path, keep } of plan.files) {
    const real = withRelease(path, release);
    if (path !== real && release !== '') draft.globs[path] = [real];
    draft.entries[real] = fileEntry(node, real, keep);
  }
  for (const { glob, values } of plan.globs) putGlob(node, { glob, values }, draft);
  for (const path of plan.lists) draft.lists[path] = listing(node, path);
  const unasked = [
    ...plan.runs.map(runSource),
    ...plan.leases,
    ...plan.runtimes.map((socket) => criSource(socket || undefined)),
    CLOCK_SOURCE,
    CLOCK_OFFSET_SOURCE,
  ];
  for (const source of unasked) draft.entries[source] = missing(node, source);
  const capture = captureOf({ name: node.name, via: 'bundle' }, draft);
  return { ...capture, takenAt: node.takenAt };
}

/** Of a node that nothing at all is known of, one reason serves for everything. */
function missing({ hint, files, settings }: RecordedNode, source: string): Failure {
  if (files.size === 0 && settings === undefined) return { state: 'not-collected', detail: hint };
  return { state: 'not-collected', detail: `${source.length > 80 ? `${source.slice(0, 80)}…` : source}: ${hint}` };
}

function textOf({ files, settings }: RecordedNode, path: string): string | undefined {
  return files.get(path) ?? settings?.get(path);
}

function fileEntry(node: RecordedNode, path: string, keep?: string): Entry {
  const text = textOf(node, path);
  if (text !== undefined) return { state: 'ok', text: keep === undefined ? text : keptLines(text, keep) };
  return isWhole(node, path.slice(0, path.lastIndexOf('/')))
    ? { state: 'absent', detail: `${path}: No such file or directory` }
    : missing(node, path);
}

function isWhole({ whole, settings }: RecordedNode, directory: string): boolean {
  return whole.has(directory) || (settings !== undefined && /^\/proc\/sys(\/|$)/.test(directory));
}

function putGlob(node: RecordedNode, { glob, values }: { glob: string; values: boolean }, draft: Draft): void {
  const directory = glob.slice(0, glob.lastIndexOf('/'));
  if (!isWhole(node, directory)) {
    draft.globs[glob] = missing(node, glob);
    return;
  }
  const pattern = new RegExp(`^${glob.split('*').map(literally).join('(?!\\.)[^/]*')}$`);
  const names = [...node.files.keys(), ...(node.settings?.keys() ?? [])].filter((path) => pattern.test(path));
  draft.globs[glob] = inByteOrder([...new Set(names)]);
  for (const path of names) {
    const text = textOf(node, path) ?? '';
    draft.entries[path] = { state: 'ok', text: values ? text.trim() : text };
  }
}

function literally(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
}

function listing(node: RecordedNode, path: string): readonly ListedFile[] | Failure {
  if (!isWhole(node, path)) return missing(node, path);
  const below = [...node.files.keys()].filter((file) => file.startsWith(`${path}/`));
  const names = new Map<string, ListedFile['type']>();
  for (const file of below) {
    const [name = '', ...rest] = file.slice(path.length + 1).split('/');
    names.set(name, rest.length > 0 ? 'directory' : 'file');
  }
  return inByteOrder([...names.keys()]).map((name) => ({ name, type: names.get(name) ?? 'file' }));
}
