import type { Entry } from './capture.ts';
import type { Failure } from './draft.ts';
import { type Frame, filesOf, namesOf } from './frames.ts';
import { firstLine } from './sanitise.ts';
import { codeIn, failureFor } from './system-errors.ts';
import { tooBig } from './tree.ts';

/** What an answer says of one path. */
export interface PathAnswer {
  readonly path: string;
  readonly entry: Entry;
  /** `hidden`: a directory on the way does not let its names be seen. */
  readonly kind: 'read' | 'unreadable' | 'missing' | 'hidden';
}

/** Reads what the frames of one section say of paths: those that could not be read, and the batches of those that could. */
export function pathsIn(frames: readonly Frame[], mark: string): PathAnswer[] {
  return frames.flatMap((frame, index) => {
    const next = frames[index + 1];
    const said = next?.words[0] === 'said' ? next.body.toString('utf8') : '';
    const path = frame.body.toString('utf8');
    switch (frame.words[0]) {
      case 'absent':
        return [{ path, entry: failureFor(path, 'ENOENT'), kind: 'missing' }];
      case 'other':
        return [{ path, entry: { state: 'failed', detail: `${path}: not a regular file` }, kind: 'missing' }];
      case 'denied':
        return [{ path, entry: failureFor(path, 'EACCES'), kind: 'unreadable' }];
      case 'hidden':
        return [{ path, entry: failureFor(path, 'EACCES'), kind: 'hidden' }];
      case 'error':
        return [refusedLookup(path, said)];
      case 'batch':
        return batch(frame, namesOf(frames[index - 1]?.body ?? Buffer.alloc(0)), said, mark);
      default:
        return [];
    }
  });
}

function refusedLookup(path: string, said: string): PathAnswer {
  const code = codeIn(said) ?? 'EIO';
  const entry = failureFor(path, code);
  return { path, entry, kind: entry.state === 'denied' ? 'hidden' : 'missing' };
}

function batch(frame: Frame, paths: readonly string[], said: string, mark: string): PathAnswer[] {
  const maxBytes = Number(frame.words[2]);
  const contents = filesOf(frame.body, `M=${mark}\0`, paths.length);
  if (contents === null) {
    const detail = `could not be told apart from other files: ${firstLine(said) || 'the node printed no marks'}`;
    return paths.map((path) => ({
      path,
      entry: { state: 'failed', detail: `${path}: ${detail}` },
      kind: 'unreadable',
    }));
  }
  const errors = errorsIn(said);
  return paths.map((path, index) => {
    const bytes = contents[index] ?? Buffer.alloc(0);
    const trouble = bytes.length === 0 ? errors.find((line) => line.includes(path)) : undefined;
    if (trouble !== undefined) return { path, entry: troubleWith(path, trouble), kind: 'unreadable' };
    const entry: Entry =
      bytes.length > maxBytes ? tooBig(path, maxBytes) : { state: 'ok', text: bytes.toString('utf8') };
    return { path, entry, kind: 'read' };
  });
}

function errorsIn(said: string): string[] {
  return said.split('\n').filter((line) => line !== '');
}

/** A program's words on a path as a reading: by the system error in them, where there is one. */
export function troubleWith(path: string, message: string): Failure {
  const code = codeIn(message);
  return code === undefined ? { state: 'failed', detail: `${path}: ${firstLine(message)}` } : failureFor(path, code);
}
