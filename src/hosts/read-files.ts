import { setImmediate as turn } from 'node:timers/promises';
import { type Draft, type Failure, withRelease } from './draft.ts';
import { expand } from './glob.ts';
import { keptLines } from './keep.ts';
import type { FilePlan, GlobPlan, Plan } from './plan.ts';
import { failureFor } from './system-errors.ts';
import { type FileAnswer, listDirectory, readText, readValue, type Tree, tooBig } from './tree.ts';

/** Bytes of a file that is read for some of its lines: kernel symbol tables and logs are tens of megabytes. */
const MAX_KEPT_FROM_BYTES = 64 * 1024 * 1024;
/** Reads between two turns of the event loop, so that commands that run meanwhile never wait on a full pipe. */
const READS_PER_TURN = 200;

/**
 * Answers what a plan asks of files: synchronously, which for thousands of values under /proc/sys is several times
 * faster than asynchronous reads, with a turn of the event loop now and then. Ends early when the signal aborts.
 */
export async function readFiles(tree: Tree, plan: Plan, draft: Draft, signal?: AbortSignal): Promise<void> {
  const release = releaseOf(tree);
  let reads = 0;
  for (const step of steps(tree, plan, draft, release)) {
    step();
    reads += 1;
    if (reads % READS_PER_TURN === 0) await turn();
    if (signal?.aborted) return;
  }
}

/** In the plan's order, which decides where asks overlap: what comes later stands. */
function* steps(tree: Tree, plan: Plan, draft: Draft, release: string | Failure): Generator<() => void> {
  for (const path of plan.lists) {
    yield () => {
      if (path.includes('{release}') && typeof release !== 'string') draft.lists[path] = release;
      else draft.lists[path] = listDirectory(tree, located(path, release));
    };
  }
  for (const file of plan.files) {
    yield () => readPlanned(tree, file, draft, release);
  }
  for (const glob of plan.globs) yield* globSteps(tree, glob, draft, release);
}

function readPlanned(tree: Tree, file: FilePlan, draft: Draft, release: string | Failure): void {
  const templated = file.path.includes('{release}');
  if (templated && typeof release !== 'string') {
    draft.entries[file.path] = release;
    return;
  }
  const path = located(file.path, release);
  if (templated) draft.globs[file.path] = [path];
  draft.entries[path] =
    file.keep === undefined
      ? readText(tree, path, file.maxBytes).entry
      : kept(readText(tree, path, MAX_KEPT_FROM_BYTES), path, file.keep, file.maxBytes);
}

function kept({ entry }: FileAnswer, path: string, pattern: string, maxBytes: number): FileAnswer['entry'] {
  if (entry.state !== 'ok') return entry;
  const text = keptLines(entry.text, pattern);
  return Buffer.byteLength(text) > maxBytes ? tooBig(path, maxBytes) : { state: 'ok', text };
}

function* globSteps(tree: Tree, plan: GlobPlan, draft: Draft, release: string | Failure): Generator<() => void> {
  if (plan.glob.includes('{release}') && typeof release !== 'string') {
    draft.globs[plan.glob] = release;
    return;
  }
  const { paths, trouble } = expand(tree, located(plan.glob, release));
  const matched: string[] = [];
  draft.globs[plan.glob] = trouble ?? matched;
  const read = plan.values ? readValue : readText;
  for (const path of paths) {
    yield () => {
      const { entry, matches } = read(tree, path, plan.maxBytes);
      if (matches === 'hidden' && entry.state !== 'ok') draft.globs[plan.glob] = entry;
      if (matches !== 'yes') return;
      matched.push(path);
      draft.entries[path] = entry;
    };
  }
}

function located(path: string, release: string | Failure): string {
  return typeof release === 'string' ? withRelease(path, release) : path;
}

const OSRELEASE = '/proc/sys/kernel/osrelease';

/** The kernel's release, or why paths that hold it cannot be told. */
function releaseOf(tree: Tree): string | Failure {
  const { entry } = readValue(tree, OSRELEASE, 256);
  if (entry.state !== 'ok') return entry;
  // It becomes part of a path: nothing that is no plain file name may.
  return /^[A-Za-z0-9_][A-Za-z0-9_.+~-]*$/.test(entry.text) ? entry.text : failureFor(OSRELEASE, 'EINVAL');
}
