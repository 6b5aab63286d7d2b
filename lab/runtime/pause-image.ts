import { copyFile, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cacheFolder, exists, madeOnce } from '../cache.ts';
import { unpacked } from '../packages.ts';
import { writeOciImage } from './oci-image.ts';

/** The name sandboxes are made from; nothing is ever pulled by it. */
export const PAUSE_IMAGE = 'hayward.test/pause:1';

/**
 * An image (an OCI layout as a tar) whose one program sleeps for ever: busybox from Debian's package, alone in its root.
 * Made once for each version of busybox, kept under `images/` of the cache.
 */
export async function pauseImage(): Promise<string> {
  const busybox = await unpacked('busybox-static');
  const folder = await madeOnce(cacheFolder('images', `pause-${basename(busybox)}`), (fresh) =>
    writeImage(fresh, busybox),
  );
  return join(folder, 'pause.tar');
}

async function writeImage(folder: string, busybox: string): Promise<void> {
  const root = join(folder, 'root');
  await mkdir(root);
  const program = ['usr/bin/busybox', 'bin/busybox'].map((path) => join(busybox, path));
  await copyFile((await exists(program[0] ?? '')) ? (program[0] ?? '') : (program[1] ?? ''), join(root, 'busybox'));
  const entrypoint = ['/busybox', 'sleep', '2147483647'];
  await writeOciImage(join(folder, 'pause.tar'), { name: PAUSE_IMAGE, root, entrypoint });
  await rm(root, { recursive: true });
}
