import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type CreateLocked, HostError, type Locked, type LockToTake, type RemoveLocked } from './host.ts';
import { libc } from './libc.ts';
import { codeOf, reasonFor, refused } from './system-errors.ts';

/**
 * Files that another program of this machine guards by flock(2) on a lock file beside them, changed while that lock is
 * held. What happens under the lock is synchronous and short: the others wait for it.
 */

// From asm-generic/fcntl.h, the same on every architecture Node 20 runs on.
const LOCK_EX = 2;
const LOCK_NB = 4;
/** As go-filemutex makes it, which host-local uses. */
const LOCK_MODE = 0o750;
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 25;

/** What keeps a change from undoing what another program is just doing. */
export interface LockGuards {
  /** Takes the lock of an open file if it is free. */
  readonly takesLock: (file: number) => Promise<boolean>;
  /** Whether the name still leads to that file: who removes the directory and makes it anew locks another. */
  readonly isStill: (file: number, lock: string) => boolean;
  /** What is at the path at the last moment. */
  readonly lastLook: (path: string, expected: Uint8Array) => 'expected' | 'changed' | 'absent';
}

export const LOCK_GUARDS: LockGuards = { takesLock, isStill, lastLook };

/**
 * Removes the file only while it still holds exactly `expected`. Throws HostError, also when the lock stays taken.
 * `guards`: all, but in the tests of what each is there for.
 */
export async function removeLocked(
  path: string,
  { expected, ...lock }: RemoveLocked,
  guards: LockGuards = LOCK_GUARDS,
): Promise<Locked> {
  const remove = (): Locked => {
    const found = guards.lastLook(path, expected);
    if (found !== 'expected') return found;
    unlinkSync(path);
    return 'done';
  };
  const outcome = await underLock(path, lock, remove, guards);
  if (outcome === 'done') syncDirectory(path);
  return outcome;
}

/** Makes the file anew, unless something has its name by now: `changed`. Throws HostError. */
export async function createLocked(path: string, { content, mode, uid, gid, ...lock }: CreateLocked): Promise<Locked> {
  const outcome = await underLock(path, lock, () => {
    const file = openNew(path, mode);
    if (file === undefined) return 'changed';
    try {
      for (let at = 0; at < content.length; ) at += writeSync(file, content, at);
      fchownSync(file, uid, gid);
      fchmodSync(file, mode);
      fsyncSync(file);
    } catch (error) {
      // Half a lease would hold the address for nobody.
      unlinkSync(path);
      throw error;
    } finally {
      closeSync(file);
    }
    return 'done';
  });
  if (outcome === 'done') syncDirectory(path);
  return outcome;
}

async function underLock(
  path: string,
  { lock, waitMs }: LockToTake,
  act: () => Locked,
  { takesLock, isStill } = LOCK_GUARDS,
): Promise<Locked> {
  const until = performance.now() + waitMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const file = openLock(lock);
    if (file === undefined) return 'absent';
    try {
      if ((await takesLock(file)) && isStill(file, lock)) return act();
    } catch (error) {
      throw error instanceof HostError ? error : refused('change', path, codeOf(error), error);
    } finally {
      closeSync(file);
    }
    if (performance.now() >= until) throw takenFor(lock, waitMs);
    await wait(pause);
  }
}

/** One line that names the file and the time. */
export function takenFor(lock: string, waitMs: number): HostError {
  return new HostError(`lock ${lock}: another process held it for ${Math.round(waitMs / 1000)} s (EBUSY)`, 'EBUSY');
}

/** undefined: its directory is not there, and so nothing in it. */
function openLock(lock: string): number | undefined {
  const { O_RDONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    return openSync(lock, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, LOCK_MODE);
  } catch (error) {
    if (reasonFor(codeOf(error)) === 'absent') return undefined;
    throw refused('lock', lock, codeOf(error), error);
  }
}

async function takesLock(file: number): Promise<boolean> {
  const { flock } = await libc();
  return flock(file, LOCK_EX | LOCK_NB) === 0;
}

function isStill(file: number, lock: string): boolean {
  const opened = fstatSync(file);
  const named = lstatSync(lock, { throwIfNoEntry: false });
  return named !== undefined && named.ino === opened.ino && named.dev === opened.dev;
}

function lastLook(path: string, expected: Uint8Array): 'expected' | 'changed' | 'absent' {
  const found = contentOf(path, expected.length);
  if (found === 'absent') return 'absent';
  return found !== 'other' && Buffer.from(expected).equals(found) ? 'expected' : 'changed';
}

/** At most one byte more than is expected: enough to see a difference, whatever the file's size. */
function contentOf(path: string, length: number): Buffer | 'absent' | 'other' {
  const file = openExisting(path);
  if (typeof file !== 'number') return file;
  try {
    const found = fstatSync(file);
    if (!found.isFile() || found.size !== length) return 'other';
    const bytes = Buffer.alloc(length + 1);
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(file);
  }
}

function openExisting(path: string): number | 'absent' | 'other' {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    return openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = codeOf(error);
    if (reasonFor(code) === 'absent') return 'absent';
    // A link, a socket: no file of the guarding program's.
    if (code === 'ELOOP' || code === 'ENXIO') return 'other';
    throw error;
  }
}

/** undefined: the name is taken. */
function openNew(path: string, mode: number): number | undefined {
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  try {
    return openSync(path, O_WRONLY | O_CREAT | O_EXCL, mode);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined;
    throw error;
  }
}

function syncDirectory(path: string): void {
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
