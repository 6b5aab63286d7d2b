import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where things made once and used by version are kept, outside the source tree. */
export function cacheFolder(...parts: readonly string[]): string {
  const { HAYWARD_CACHE, XDG_CACHE_HOME } = process.env;
  return join(HAYWARD_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'hayward'), ...parts);
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Makes a cached folder once: `make` fills a new folder beside it, which then takes its name in one step, so that a
 * killed run leaves nothing half made and two runs at once end with one whole folder.
 */
export async function madeOnce(folder: string, make: (folder: string) => Promise<void>): Promise<string> {
  if (await exists(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const fresh = await mkdtemp(`${folder}.new-`);
  try {
    await make(fresh);
    await rename(fresh, folder).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return folder;
}
