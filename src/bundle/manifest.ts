import type { Capture, Entry } from '../hosts/capture.ts';
import type { UnknownReason } from '../hosts/reading.ts';

/** What a bundle of `hayward capture` holds: its first member, `manifest.json`. */
export interface Manifest {
  readonly schema: 1;
  readonly kind: 'hayward-capture';
  readonly tool: { readonly name: 'hayward'; readonly version: string };
  /** RFC 3339. */
  readonly takenAt: string;
  readonly nodes: readonly ManifestNode[];
}

export interface ManifestNode {
  readonly name: string;
  /** How it was reached. */
  readonly via: Capture['target']['via'];
  /** The member that holds its capture, how large that is, and its digest. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** RFC 3339, by the clock of the machine that collected. */
  readonly takenAt: string;
  /** Why nothing at all was seen of it. */
  readonly unreachable?: string;
  readonly readings: readonly ManifestReading[];
}

export interface ManifestReading {
  readonly source: string;
  readonly kind: 'file' | 'command' | 'matches' | 'listing' | 'program';
  /** RFC 3339: of a command when it was started, of all else when the node answered. */
  readonly at: string;
  readonly state: 'ok' | UnknownReason;
  /** Of a command that was run; null where a signal ended it. */
  readonly exitStatus?: number | null;
  /** Bytes of text as it stands in the bundle; of matches and listings how many. */
  readonly size: number;
  /** Secrets were taken out. */
  readonly redacted?: true;
  /** Not in the bundle, which would have been too large. */
  readonly leftOut?: true;
}

export interface ReadingMarks {
  readonly redacted: ReadonlySet<string>;
  readonly leftOut: ReadonlySet<string>;
}

/** A capture's readings as the manifest lists them, in the order of their sources. */
export function readingsOf(capture: Capture, marks: ReadingMarks): readonly ManifestReading[] {
  const at = capture.takenAt;
  const many = (kind: 'matches' | 'listing', of: Capture['globs'] | Capture['lists']): ManifestReading[] =>
    Object.entries(of).map(([source, value]) =>
      'state' in value
        ? { source, kind, at, state: value.state, size: 0 }
        : { source, kind, at, state: 'ok', size: value.length },
    );
  const readings = [
    ...Object.entries(capture.entries).map(([source, entry]) => entryReading(capture, source, entry, marks)),
    ...many('matches', capture.globs),
    ...many('listing', capture.lists),
    ...Object.entries(capture.which).map(([name, path]): ManifestReading => {
      return { source: `command -v ${name}`, kind: 'program', at, state: path === null ? 'absent' : 'ok', size: 0 };
    }),
  ];
  return readings.sort((a, b) => (a.source < b.source ? -1 : 1));
}

function entryReading(
  capture: Capture,
  source: string,
  entry: Entry,
  { redacted, leftOut }: ReadingMarks,
): ManifestReading {
  const run = capture.runs?.[source];
  return {
    source,
    kind: source.startsWith('/') ? 'file' : 'command',
    at: run?.at ?? capture.takenAt,
    state: entry.state,
    ...(run && { exitStatus: run.exitStatus }),
    size: entry.state === 'ok' ? Buffer.byteLength(entry.text) : 0,
    ...(redacted.has(source) && { redacted: true }),
    ...(leftOut.has(source) && { leftOut: true }),
  };
}
