import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

const MOUNTED_AT = '/sys/fs/cgroup';

/**
 * Removes the control groups of one name, with all below them, from every hierarchy of this machine. Their processes
 * must have ended; what a power cut clears away, nobody else does where only a machine's namespaces end.
 */
export async function removeCgroups(name: string): Promise<void> {
  const hierarchies = await readdir(MOUNTED_AT).catch(() => []);
  const places = [join(MOUNTED_AT, name), ...hierarchies.map((one) => join(MOUNTED_AT, one, name))];
  for (const place of places) await removeBelow(place);
}

async function removeBelow(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeBelow(join(folder, entry.name));
  // A hierarchy that has no such group, or a dying process in it: nothing hangs on it.
  await rmdir(folder).catch(() => undefined);
}
