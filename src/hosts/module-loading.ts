import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';

/**
 * Whether the kernel would load a module now if a program asked for what it holds: it is not in the kernel, and
 * modules.dep lists it. A part of the kernel image has no entry in modules.dep; where that file cannot be read there is
 * nothing to load from.
 */
export function wouldBeLoaded(module: string): boolean {
  if (existsSync(`/sys/module/${module}`)) return false;
  try {
    return readFileSync(`/lib/modules/${release()}/modules.dep`, 'latin1').includes(`/${module}.ko`);
  } catch {
    return false;
  }
}
