import { HostError } from './host.ts';
import type { UnknownReason } from './reading.ts';

/** The system's words for the errors that matter, as strerror(3) says them in the C locale: shells report only these. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EBUSY: 'Device or resource busy',
  EDQUOT: 'Disk quota exceeded',
  EEXIST: 'File exists',
  EINVAL: 'Invalid argument',
  EIO: 'Input/output error',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  ENAMETOOLONG: 'File name too long',
  ENOENT: 'No such file or directory',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
  EPERM: 'Operation not permitted',
  EROFS: 'Read-only file system',
};

/** The error's code that a program's message speaks of, e.g. of "dd: failed to open '/x': Read-only file system". */
export function codeIn(message: string): string | undefined {
  const said = message.slice(message.lastIndexOf(': ') + 1).toLowerCase();
  const found = Object.entries(WORDS).find(([, words]) => said.includes(words.toLowerCase()));
  if (found) return found[0];
  // dash shortens these two; others say "symbolic link" or "symbolic links".
  if (/no such file|nonexistent/.test(said)) return 'ENOENT';
  return /too many (levels of )?symbolic/.test(said) ? 'ELOOP' : undefined;
}

/** The system's code of an error, EIO where it has none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : 'EIO';
}

/** The system's own words for a code. */
export function wordsFor(code: string): string {
  return WORDS[code] ?? code;
}

/** Why a path could not be read: what the error means for a reading. */
export function reasonFor(code: string): UnknownReason {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent';
  return code === 'EACCES' || code === 'EPERM' ? 'denied' : 'failed';
}

/** A path's failure as a reading. dash does not tell ENOTDIR from ENOENT, so neither does any host. */
export function failureFor(path: string, code: string): { readonly state: UnknownReason; readonly detail: string } {
  return { state: reasonFor(code), detail: `${path}: ${wordsFor(code === 'ENOTDIR' ? 'ENOENT' : code)}` };
}

/** An action that the system refused, in one line: what was tried, on what, and the system's word. */
export function refused(operation: string, path: string, code: string, cause?: unknown): HostError {
  return new HostError(`${operation} ${path}: ${wordsFor(code)} (${code})`, code, cause ? { cause } : undefined);
}
