import { stat } from 'node:fs/promises';
import type { Capture } from '../hosts/capture.ts';
import type { Host } from '../hosts/host.ts';
import type { Archive } from './archive.ts';
import { bundleHost } from './bundle-host.ts';
import { foreignHosts } from './foreign/foreign.ts';
import { MANIFEST } from './make-bundle.ts';
import { withArchive } from './open-archive.ts';
import { ownCaptures } from './own-bundle.ts';

/** The captures of a bundle of hayward's own. A HostError of code `usage`, one line, for what is damaged or hostile. */
export async function bundleCaptures(path: string): Promise<readonly Capture[]> {
  return withArchive(path, ownCaptures);
}

/**
 * The nodes of any bundle, as hosts that every command can ask. A HostError of code `usage`, one line, for what is no
 * bundle, damaged or hostile.
 */
export async function bundleHosts(path: string): Promise<readonly Host[]> {
  return withArchive(path, async (archive) => {
    if (await isOwn(archive)) return (await ownCaptures(archive)).map(bundleHost);
    return foreignHosts(archive, (await stat(path)).mtime.toISOString());
  });
}

/** By its first member: a bundle of hayward's begins with its manifest. */
async function isOwn(archive: Archive): Promise<boolean> {
  let own = false;
  await archive.walk(async ({ name, kind }) => {
    if (kind === 'directory') return undefined;
    own = kind === 'file' && name === MANIFEST;
    return 'stop';
  });
  return own;
}
