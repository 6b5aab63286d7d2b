import type { Capture } from '../hosts/capture.ts';
import type { Host } from '../hosts/host.ts';
import { bundleHost } from './bundle-host.ts';
import { withArchive } from './open-archive.ts';
import { ownCaptures } from './own-bundle.ts';

/** The nodes a bundle holds. A HostError of code `usage`, one line, for what is no bundle, damaged, or hostile. */
export async function bundleCaptures(path: string): Promise<readonly Capture[]> {
  return withArchive(path, ownCaptures);
}

/** The same as hosts that every command can ask. */
export async function bundleHosts(path: string): Promise<readonly Host[]> {
  return (await bundleCaptures(path)).map(bundleHost);
}
