import type { Capture, Entry, ListedFile, RunFact, Via } from './capture.ts';
import type { UnknownReason } from './reading.ts';
import { harmless } from './sanitise.ts';

export interface Failure {
  readonly state: UnknownReason;
  readonly detail: string;
}

/** Undefined of an answer that succeeded. */
export function failureOf(entry: Entry): Failure | undefined {
  return entry.state === 'ok' ? undefined : entry;
}

/** A capture while it is being filled in. */
export interface Draft {
  readonly entries: Record<string, Entry>;
  readonly globs: Record<string, readonly string[] | Failure>;
  readonly lists: Record<string, readonly ListedFile[] | Failure>;
  readonly which: Record<string, string | null>;
  readonly runs: Record<string, RunFact>;
}

/** Keys come from a node's file names: without a prototype `__proto__` is a name like any other. */
export function emptyDraft(): Draft {
  return { entries: bare(), globs: bare(), lists: bare(), which: bare(), runs: bare() };
}

function bare<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}

/** Details quote file names and messages of the node: they leave here harmless. `remark` is added to what was denied. */
export function captureOf(target: Capture['target'], draft: Draft, remark = ''): Capture {
  for (const part of [draft.entries, draft.globs, draft.lists] as readonly Record<string, unknown>[]) {
    for (const [key, value] of Object.entries(part)) if (isFailure(value)) part[key] = worded(value, remark);
  }
  return { schema: 1, target, takenAt: new Date().toISOString(), ...draft };
}

function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'detail' in value;
}

function worded({ state, detail }: Failure, remark: string): Failure {
  return { state, detail: harmless(detail) + (state === 'denied' ? remark : '') };
}

/** A host that gave no answer at all: every reading of it is unknown for this one reason. */
export function unreachable(name: string, via: Via, reason: UnknownReason, detail: string): Capture {
  return { ...captureOf({ name, via }, emptyDraft()), unreachable: { reason, detail } };
}

/** Where paths with `{release}` really are: the running kernel's release filled in. */
export function withRelease(path: string, release: string): string {
  return path.replaceAll('{release}', release);
}

export const CLOCK_SOURCE = 'date +%s.%N';
export const CLOCK_OFFSET_SOURCE = 'hayward:clock-offset';

/** The node's clock as it said it, and how far it is ahead of the observer's, in seconds. */
export function putClock(draft: Draft, clock: string, offsetSeconds: number): void {
  draft.entries[CLOCK_SOURCE] = { state: 'ok', text: clock };
  draft.entries[CLOCK_OFFSET_SOURCE] = { state: 'ok', text: String(Number(offsetSeconds.toFixed(6))) };
}
