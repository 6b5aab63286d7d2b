import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { codeOf, wordsFor } from '../../hosts/system-errors.ts';

/**
 * Directories whose files decide what is to be held, watched by inotify(7). One that does not exist yet is noticed when
 * it appears, one that is replaced is followed: each is watched together with its parent, and while it is missing the
 * nearest directory above it that is there. What is mounted over a directory makes no event; the judgement that runs
 * every few minutes sees that.
 */
export interface FilesWatch {
  /** What changed, once it has been quiet for a moment. To be called at every tick, with the clock of `Moment.ms`. */
  drain(nowMs: number): FilesNews;
  /** Tries again, at the next `drain`, what could not be watched. */
  again(): void;
  close(): void;
}

export interface FilesNews {
  /** Paths of files, or of a directory that came, went or was replaced. At most a hundred. */
  readonly changed: readonly string[];
  /** What cannot be watched and why, whenever that has changed; an empty list when all is well again. */
  readonly unwatched?: readonly Unwatched[];
}

export interface Unwatched {
  readonly directory: string;
  readonly why: string;
}

/** Files of one directory, not below it. */
export interface Place {
  readonly directory: string;
  /** Of the files' names; all of them count where it is left out. */
  readonly names?: RegExp;
}

export interface FilesOptions {
  readonly places: readonly Place[];
  /** How long nothing more may happen before what happened is told, in milliseconds. */
  readonly quietMs?: number;
}

/** What one watched directory is watched for. */
interface Interest {
  readonly names: RegExp[];
  /** Entries that lead to directories of places. */
  readonly children: Set<string>;
}

const MOST_TOLD = 100;
/** Each finds directories that came while the round before began to watch. */
const MOST_ROUNDS = 5;
const ANY = /(?:)/;
/** Somebody who never stops writing is heard after so many quiet times. */
const LONGEST_BURST = 10;
const NO_NEWS: FilesNews = { changed: [] };

const WHY: Readonly<Record<string, string>> = {
  ENOSPC: 'no inotify watch is left for this user (fs.inotify.max_user_watches)',
  EMFILE: 'no inotify instance is left for this user (fs.inotify.max_user_instances)',
};

export function watchFiles({ places, quietMs = 500 }: FilesOptions): FilesWatch {
  const watchers = new Map<string, FSWatcher>();
  const failing = new Map<string, string>();
  let interests = new Map<string, Interest>();
  let present = new Set<string>();
  /** What may have been replaced: it and all below it is watched anew. */
  const suspects = new Set<string>();
  let pending = new Set<string>();
  let [stale, fresh] = [true, false];
  let [firstMs, lastMs] = [0, 0];
  let told = '[]';

  function happened(directory: string, event: string, name: string | null): void {
    const interest = interests.get(directory);
    if (interest === undefined || name === null) return;
    const path = join(directory, name);
    // Of the directory itself it is said under its own name.
    const itself = name === basename(directory) && statSync(path, { throwIfNoEntry: false }) === undefined;
    if (event === 'rename' && (itself || interest.children.has(name))) {
      suspects.add(itself ? directory : path);
      stale = true;
    }
    if (!itself && interest.names.some((names) => names.test(name))) note(path);
  }

  function note(path: string): void {
    if (pending.size < MOST_TOLD) pending.add(path);
    fresh = true;
  }

  function open(directory: string): void {
    try {
      const watcher = watch(directory, { persistent: false }, (event, name) => happened(directory, event, name));
      watcher.on('error', (error) => {
        drop(directory);
        failing.set(directory, codeOf(error));
      });
      watchers.set(directory, watcher);
    } catch (error) {
      // Gone since it was seen, which its parent tells.
      if (codeOf(error) !== 'ENOENT') failing.set(directory, codeOf(error));
    }
  }

  function drop(directory: string): void {
    watchers.get(directory)?.close();
    watchers.delete(directory);
  }

  /** Watches what is there now. Returns whether that is more than before, for then something may have come meanwhile. */
  function arm(): boolean {
    const found = survey(places);
    for (const { directory } of places)
      if (found.present.has(directory) !== present.has(directory) || isReplaced(directory, found.present))
        note(directory);
    for (const directory of watchers.keys())
      if (!found.interests.has(directory) || isBelow(directory, suspects)) drop(directory);
    suspects.clear();
    failing.clear();
    ({ interests, present } = found);
    // Parents first: they tell when a directory goes before it could be watched.
    const missing = [...interests.keys()].filter((directory) => !watchers.has(directory)).sort();
    for (const directory of missing) open(directory);
    return missing.some((directory) => watchers.has(directory));
  }

  function isReplaced(directory: string, now: ReadonlySet<string>): boolean {
    return now.has(directory) && isBelow(directory, suspects);
  }

  function unwatched(): readonly Unwatched[] {
    return [...failing].map(([directory, code]) => ({ directory, why: WHY[code] ?? `${wordsFor(code)} (${code})` }));
  }

  /** Everything that is pending, if it is time to tell it. */
  function due(nowMs: number): readonly string[] {
    if (pending.size === 0) return [];
    if (fresh) lastMs = nowMs;
    fresh = false;
    if (nowMs - lastMs < quietMs && nowMs - firstMs < LONGEST_BURST * quietMs) return [];
    const changed = [...pending].sort();
    pending = new Set();
    firstMs = nowMs;
    return changed;
  }

  function armAll(): void {
    for (let round = 0; stale && round < MOST_ROUNDS; round += 1) stale = arm();
  }

  armAll();
  // Nothing is news at the beginning.
  pending.clear();

  return {
    drain(nowMs) {
      if (pending.size === 0) firstMs = nowMs;
      armAll();
      const changed = due(nowMs);
      const now = JSON.stringify([...failing]);
      if (now === told) return changed.length === 0 ? NO_NEWS : { changed };
      told = now;
      return { changed, unwatched: unwatched() };
    },
    again() {
      stale = true;
    },
    close() {
      for (const directory of [...watchers.keys()]) drop(directory);
    },
  };
}

/** What has to be watched now, and which of the places are there. A directory with two names (/lib, /usr/lib) counts once. */
function survey(places: readonly Place[]): { interests: Map<string, Interest>; present: Set<string> } {
  const interests = new Map<string, Interest>();
  const present = new Set<string>();
  const nameOf = new Map<string, string>();

  function interest(directory: string, inode: string): Interest | undefined {
    const first = nameOf.get(inode) ?? directory;
    if (first !== directory) return undefined;
    nameOf.set(inode, directory);
    const one = interests.get(directory) ?? { names: [], children: new Set() };
    interests.set(directory, one);
    return one;
  }

  for (const { directory, names } of places) {
    const inode = inodeOf(directory);
    if (inode !== undefined) {
      present.add(directory);
      interest(directory, inode)?.names.push(names ?? ANY);
    }
    let [child, parent] = [directory, dirname(directory)];
    let above = inodeOf(parent);
    while (above === undefined && parent !== '/') {
      [child, parent] = [parent, dirname(parent)];
      above = inodeOf(parent);
    }
    if (above !== undefined && child !== parent) interest(parent, above)?.children.add(basename(child));
  }
  return { interests, present };
}

/** Which directory it is; undefined where there is none, or none that we may see. */
function inodeOf(path: string): string | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.isDirectory() ? `${found.dev}:${found.ino}` : undefined;
  } catch {
    return undefined;
  }
}

function isBelow(directory: string, above: ReadonlySet<string>): boolean {
  for (let path = directory; ; path = dirname(path)) {
    if (above.has(path)) return true;
    if (path === dirname(path)) return false;
  }
}

function join(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}
