import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cacheFolder, exists, madeOnce } from '../cache.ts';
import { must } from '../command.ts';
import { unpacked } from '../packages.ts';

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
  const work = join(folder, 'work');
  const layout = join(work, 'layout');
  await mkdir(join(work, 'root'), { recursive: true });
  await mkdir(join(layout, 'blobs/sha256'), { recursive: true });
  const program = ['usr/bin/busybox', 'bin/busybox'].map((path) => join(busybox, path));
  await copyFile(
    (await exists(program[0] ?? '')) ? (program[0] ?? '') : (program[1] ?? ''),
    join(work, 'root/busybox'),
  );
  const layer = join(work, 'layer.tar');
  await must(['tar', '--owner=0', '--group=0', '-cf', layer, '-C', join(work, 'root'), '.']);
  await writeLayout(layout, await readFile(layer));
  await must(['tar', '-cf', join(folder, 'pause.tar'), '-C', layout, '.']);
  await rm(work, { recursive: true });
}

async function writeLayout(layout: string, layer: Buffer): Promise<void> {
  async function blob(mediaType: string, content: Buffer | object) {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const hash = createHash('sha256').update(bytes).digest('hex');
    await writeFile(join(layout, 'blobs/sha256', hash), bytes);
    return { mediaType, digest: `sha256:${hash}`, size: bytes.length };
  }
  const oci = 'application/vnd.oci.image';
  const inner = await blob(`${oci}.layer.v1.tar`, layer);
  const config = await blob(`${oci}.config.v1+json`, {
    architecture: { x64: 'amd64' }[process.arch as string] ?? process.arch,
    os: 'linux',
    config: { Entrypoint: ['/busybox', 'sleep', '2147483647'] },
    rootfs: { type: 'layers', diff_ids: [inner.digest] },
  });
  const type = `${oci}.manifest.v1+json`;
  const manifest = await blob(type, { schemaVersion: 2, mediaType: type, config, layers: [inner] });
  const named = { ...manifest, annotations: { 'io.containerd.image.name': PAUSE_IMAGE } };
  await writeFile(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  await writeFile(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}
