import { type Capture, viewOf } from '../src/hosts/capture.ts';
import type { Subject } from '../src/snapshot/subject.ts';
import { captureOf, type NodeTree } from './node-tree.ts';

/** A subject's parts as read from a tree of files and commands, asked for exactly as the subject asks. */
export function parsed<T>(subject: Subject<T>, tree: NodeTree): T {
  return subject.parse(viewOf(captureOf(tree, 'node', subject.asks)));
}

/** A subject's parts where nothing at all was collected. */
export function unseen<T>(subject: Subject<T>, more: Partial<Capture> = {}): T {
  const nothing = { schema: 1, target: { name: 'node', via: 'local' }, takenAt: '2026-01-01T00:00:00.000Z' } as const;
  return subject.parse(viewOf({ ...nothing, entries: {}, globs: {}, lists: {}, which: {}, ...more }));
}
