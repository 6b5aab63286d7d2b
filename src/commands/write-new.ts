import { randomBytes } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { harmless } from '../hosts/sanitise.ts';
import { codeOf, wordsFor } from '../hosts/system-errors.ts';
import { UsageError } from './usage.ts';

/** Throws UsageError where something is at a path, be it a link that leads nowhere, or where the path's folder is not there. */
export function refuseIfThere(option: string, path: string): void {
  if (path === '') throw new UsageError(`${option}: expected a file, and it is empty`);
  if (lstatSync(path, { throwIfNoEntry: false })) throw thereAlready(option, path);
  if (!lstatSync(dirname(path), { throwIfNoEntry: false })) {
    throw new UsageError(`${option} ${harmless(path)}: No such file or directory`);
  }
}

/**
 * Writes a file that is not there yet: readable by its owner alone, whole or not at all, and over nothing that came into its place
 * meanwhile. Throws UsageError, one line, where it cannot.
 */
export async function writeNew(option: string, path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await putInPlace(temporary, option, path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (codeOf(error) === 'EEXIST') throw thereAlready(option, path);
    throw new UsageError(`${option} ${harmless(path)}: ${wordsFor(codeOf(error))}`);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Unlike rename(2), link(2) replaces nothing; file systems that know no links (vfat, some network ones) refuse it. */
async function putInPlace(temporary: string, option: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'ENOSYS'].includes(codeOf(error) ?? '')) throw error;
    refuseIfThere(option, path);
    await rename(temporary, path);
  }
}

function thereAlready(option: string, path: string): UsageError {
  return new UsageError(`${option} ${harmless(path)}: it is there already, and is not written over`);
}
