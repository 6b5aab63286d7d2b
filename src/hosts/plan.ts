import { type Ask, DEFAULT_MAX_BYTES, sourceOf } from './ask.ts';
import { assertKeep } from './keep.ts';

export interface FilePlan {
  readonly path: string;
  readonly maxBytes: number;
  /** Absent: the whole file. */
  readonly keep?: string;
}

export interface GlobPlan {
  readonly glob: string;
  readonly maxBytes: number;
  /** One short line each, trimmed of its newline. */
  readonly values: boolean;
}

export type RunPlan = Extract<Ask, { kind: 'run' }>;

/** Asks in the order and grouping in which every host answers them, each thing once. */
export interface Plan {
  readonly files: readonly FilePlan[];
  readonly globs: readonly GlobPlan[];
  readonly lists: readonly string[];
  readonly runs: readonly RunPlan[];
  readonly which: readonly string[];
  /** host-local data directories. */
  readonly leases: readonly string[];
  /** Runtime sockets to ask, an empty one meaning the first of the known places. */
  readonly runtimes: readonly string[];
}

const VALUE_MAX_BYTES = 64 * 1024;
export const DEFAULT_RUN_TIMEOUT_MS = 10_000;
/** Bytes of standard output beyond which a command is stopped. */
export const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * Groups asks and merges what asks for the same thing: a file wanted whole by one and in part by another is read whole;
 * two patterns for one file become one. Throws a TypeError for asks that no host could answer, which are bugs.
 */
export function planOf(asks: readonly Ask[]): Plan {
  const draft: PlanDraft = {
    files: new Map(),
    globs: new Map(),
    lists: new Set(),
    runs: new Map(),
    which: new Set(),
    leases: new Set(),
    runtimes: new Set(),
  };
  for (const ask of asks) add(draft, ask);
  return {
    files: [...draft.files.values()],
    // One-line values last: where a path is asked for as both, its text is the value.
    globs: [...draft.globs.values()].sort((a, b) => Number(a.values) - Number(b.values)),
    lists: [...draft.lists],
    runs: [...draft.runs.values()],
    which: [...draft.which],
    leases: [...draft.leases],
    runtimes: [...draft.runtimes],
  };
}

interface PlanDraft {
  readonly files: Map<string, FilePlan>;
  readonly globs: Map<string, GlobPlan>;
  readonly lists: Set<string>;
  readonly runs: Map<string, RunPlan>;
  readonly which: Set<string>;
  readonly leases: Set<string>;
  readonly runtimes: Set<string>;
}

function add(draft: PlanDraft, ask: Ask): void {
  switch (ask.kind) {
    case 'file':
      draft.files.set(ask.path, mergedFile(draft.files.get(ask.path), ask));
      return;
    case 'files':
    case 'values':
      draft.globs.set(ask.glob, mergedGlob(draft.globs.get(ask.glob), ask));
      return;
    case 'list':
      draft.lists.add(absolute(ask.path));
      return;
    case 'run':
      draft.runs.set(JSON.stringify(ask.argv), runnable(ask));
      return;
    case 'leases':
      draft.leases.add(absolute(ask.directory));
      return;
    case 'cri':
      draft.runtimes.add(ask.socket === undefined ? '' : absolute(ask.socket));
      return;
    case 'which':
      for (const name of ask.names) draft.which.add(programName(name));
  }
}

function mergedFile(before: FilePlan | undefined, ask: Extract<Ask, { kind: 'file' }>): FilePlan {
  const path = absolute(ask.path);
  if (path.endsWith('/')) throw new TypeError(`${path} names a directory`);
  if (ask.keep !== undefined) assertKeep(ask.keep);
  const maxBytes = Math.max(ask.maxBytes ?? DEFAULT_MAX_BYTES, before?.maxBytes ?? 0);
  const keep = before ? either(before.keep, ask.keep) : ask.keep;
  return keep === undefined ? { path, maxBytes } : { path, maxBytes, keep };
}

function either(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return undefined;
  return one === other ? one : `(${one})|(${other})`;
}

function mergedGlob(before: GlobPlan | undefined, ask: Extract<Ask, { kind: 'files' | 'values' }>): GlobPlan {
  const glob = absolute(ask.glob);
  if (ask.kind === 'values') return { glob, maxBytes: VALUE_MAX_BYTES, values: true };
  const maxBytes = Math.max(ask.maxBytes ?? DEFAULT_MAX_BYTES, before?.maxBytes ?? 0);
  return { glob, maxBytes, values: before?.values ?? false };
}

/** What a command's answer is kept under. */
export function runSource(run: RunPlan): string {
  return run.as ?? sourceOf(run.argv);
}

function runnable(ask: RunPlan): RunPlan {
  if (!ask.argv[0] || ask.argv.some((word) => word.includes('\0'))) throw new TypeError('a command needs a program');
  if (ask.module !== undefined && !/^[a-z0-9_]+$/.test(ask.module)) throw new TypeError('no module has such a name');
  return ask;
}

function absolute(path: string): string {
  if (!path.startsWith('/') || path.includes('\0')) throw new TypeError(`${JSON.stringify(path)} is no absolute path`);
  return path;
}

function programName(name: string): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/.test(name)) throw new TypeError(`${JSON.stringify(name)} is no program name`);
  return name;
}
