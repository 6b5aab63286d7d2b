import { closeSync, linkSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processAt, stillRuns } from '../hosts/process.ts';
import { guarded, JournalError } from './journal.ts';

/** Who holds a lock: a process id alone may have been given out again since. */
export interface Holder {
  readonly pid: number;
  readonly start: string;
  readonly bootId: string;
}

export type Lock =
  | { readonly held: true; release(): void }
  /** Another run is under way. */
  | { readonly held: false; readonly pid: number };

/**
 * Takes the one lock of a journal directory, so that only one run at a time changes a target. The lock of a process
 * that no longer lives (killed, or before a reboot) is taken over. Throws what the file system throws.
 */
export function takeLock(directory: string): Lock {
  const path = join(directory, 'lock');
  const mine = join(directory, `lock.${process.pid}`);
  writeHolder(mine, { pid: process.pid, start: String(processAt('self')?.start ?? ''), bootId: bootId() });
  try {
    for (;;) {
      // link(2) fails where the name is taken, and the file is whole from the start.
      if (linked(mine, path)) return { held: true, release: () => removeIfThere(path) };
      const holder = readHolder(path);
      if (holder && lives(holder)) return { held: false, pid: holder.pid };
      setAside(path, holder);
    }
  } finally {
    removeIfThere(mine);
  }
}

function writeHolder(path: string, holder: Holder): void {
  const file = openSync(path, 'w', 0o600);
  try {
    writeSync(file, `${JSON.stringify(holder)}\n`);
  } finally {
    closeSync(file);
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The living process that holds the lock of a journal directory; undefined where none does. */
export function lockHolder(directory: string): Holder | undefined {
  const holder = readHolder(join(directory, 'lock'));
  return holder && lives(holder) ? holder : undefined;
}

/** null: there is a lock that says nothing; undefined: there is none any more. */
function readHolder(path: string): Holder | null | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const { pid, start, bootId } = (value ?? {}) as Partial<Holder>;
    return typeof pid === 'number' && typeof start === 'string' && typeof bootId === 'string'
      ? { pid, start, bootId }
      : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function lives(holder: Holder): boolean {
  return holder.bootId === bootId() && holder.start !== '' && stillRuns(holder.pid, Number(holder.start));
}

/**
 * Moves a stale lock out of the way. When two see the same stale lock, the slower one may move the faster one's new
 * lock instead: it looks at what it moved and puts a living one back.
 */
function setAside(path: string, stale: Holder | null | undefined): void {
  if (stale === undefined) return;
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = readHolder(aside);
  if (moved && lives(moved)) linked(aside, path);
  removeIfThere(aside);
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** Takes the lock or throws a JournalError that says who holds it, or why it cannot be taken. */
export function guardedLock(directory: string): Extract<Lock, { held: true }> {
  const lock = guarded(directory, () => takeLock(directory));
  if (lock.held) return lock;
  const words = {
    en: `another run is under way (process ${lock.pid}); nothing was changed`,
    'zh-CN': `另一次运行正在进行（进程 ${lock.pid}），未做任何改动`,
  };
  throw new JournalError(words, 'EBUSY');
}

const AGAIN_MS = 100;

/** Takes the lock as soon as the run that is under way gives it back. Throws JournalError: at the latest then `EBUSY`. */
export async function patientLock(
  directory: string,
  { patienceMs, signal }: { readonly patienceMs: number; readonly signal?: AbortSignal },
): Promise<Extract<Lock, { held: true }>> {
  const untilMs = performance.now() + patienceMs;
  for (;;) {
    try {
      return guardedLock(directory);
    } catch (error) {
      const busy = error instanceof JournalError && error.code === 'EBUSY';
      if (!busy || signal?.aborted || performance.now() >= untilMs) throw error;
      await delay(AGAIN_MS, undefined, signal && { signal }).catch(() => undefined);
    }
  }
}
