import { known, type Reading, type UnknownReason, unknown } from './reading.ts';

/** One answer: text, or why there is none. */
export type Entry =
  | { readonly state: 'ok'; readonly text: string }
  | { readonly state: UnknownReason; readonly detail: string };

export interface ListedFile {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'link' | 'other';
  /** A symbolic link's target, as stored. */
  readonly target?: string;
}

export type Via = 'local' | 'ssh' | 'root' | 'bundle' | 'kubernetes';

/** How a command went, which nothing is judged by and a bundle's list of readings tells. */
export interface RunFact {
  /** null when it was never started or died by a signal. */
  readonly exitStatus: number | null;
  /** RFC 3339; absent where only the time of the whole round trip is known. */
  readonly at?: string;
}

/**
 * What a host answered, unparsed: plain JSON, so that the same bytes give the same findings anywhere.
 * A recorded node is one of these in a file.
 */
export interface Capture {
  readonly schema: 1;
  readonly target: {
    readonly name: string;
    readonly via: Via;
    /** What `--host` was given, where the name alone does not say it (a user). */
    readonly destination?: string;
  };
  /** RFC 3339, by the clock of the machine that collected. */
  readonly takenAt: string;
  /** By source: an absolute path, or a command line. */
  readonly entries: Readonly<Record<string, Entry>>;
  /** Which paths each glob matched, in byte order; `Entry`-like when the directory could not be read. */
  readonly globs: Readonly<
    Record<string, readonly string[] | { readonly state: UnknownReason; readonly detail: string }>
  >;
  /** Directory listings by path. */
  readonly lists: Readonly<
    Record<string, readonly ListedFile[] | { readonly state: UnknownReason; readonly detail: string }>
  >;
  /** Programs by name: an absolute path, or null when it is on no search path. Absent key: nobody looked. */
  readonly which: Readonly<Record<string, string | null>>;
  /** By source, of the commands that were run. */
  readonly runs?: Readonly<Record<string, RunFact>>;
  /** Set when the host could not be reached at all: every reading is then unknown for this reason. */
  readonly unreachable?: { readonly reason: UnknownReason; readonly detail: string };
}

/** A capture read as Readings: what was not asked is `not-collected`. */
export interface CaptureView {
  readonly capture: Capture;
  text(source: string): Reading<string>;
  /** All files a glob matched, with their text readings, in byte order of their paths. */
  files(glob: string): Reading<ReadonlyMap<string, Reading<string>>>;
  list(path: string): Reading<readonly ListedFile[]>;
  /** An absolute path, null when not installed. */
  which(name: string): Reading<string | null>;
}

/** Reads a capture; of a host that could not be reached every reading is unknown for that reason. */
export function viewOf(capture: Capture): CaptureView {
  function missing(source: string): Reading<never> {
    const gone = capture.unreachable;
    return gone
      ? unknown(gone.reason, source, gone.detail)
      : unknown('not-collected', source, `${source} was not collected`);
  }
  /** A path asked for with `{release}` in it stands for the one path it became. */
  function located(path: string): string {
    const became = path.includes('{release}') ? capture.globs[path] : undefined;
    return became && isList(became) ? (became[0] ?? path) : path;
  }
  function text(asked: string): Reading<string> {
    const source = located(asked);
    const entry = capture.entries[source];
    if (!entry) return missing(source);
    return entry.state === 'ok' ? known(entry.text, source) : unknown(entry.state, source, entry.detail);
  }
  return {
    capture,
    text,
    files(glob) {
      const paths = capture.globs[glob];
      if (!paths) return missing(glob);
      if (!isList(paths)) return unknown(paths.state, glob, paths.detail);
      return known(new Map(paths.map((path) => [path, text(path)])), glob);
    },
    list(path) {
      const listed = capture.lists[path];
      if (!listed) return missing(path);
      return isList(listed) ? known(listed, path) : unknown(listed.state, path, listed.detail);
    },
    which(name) {
      const path = capture.which[name];
      return path === undefined ? missing(`command -v ${name}`) : known(path, `command -v ${name}`);
    },
  };
}

function isList<T>(value: readonly T[] | { readonly state: UnknownReason }): value is readonly T[] {
  return Array.isArray(value);
}
