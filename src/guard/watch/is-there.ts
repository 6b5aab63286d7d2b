import { statSync } from 'node:fs';

/** Whether something is at the path, links followed; what may not be looked at counts as not there. */
export function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}
