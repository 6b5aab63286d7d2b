import { accessSync, constants, statSync } from 'node:fs';
import { SEARCH_PATH } from './search-path.ts';

/** Where a program is on the search path; null when nowhere. A name with a slash is a path and stays one. */
export function findProgram(name: string, locate: (path: string) => string = (path) => path): string | null {
  if (name.includes('/')) return isProgram(name, locate) ? name : null;
  return SEARCH_PATH.map((directory) => `${directory}/${name}`).find((path) => isProgram(path, locate)) ?? null;
}

function isProgram(path: string, locate: (path: string) => string): boolean {
  try {
    const real = locate(path);
    if (!statSync(real).isFile()) return false;
    accessSync(real, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
