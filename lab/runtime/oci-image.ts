import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../command.ts';

export interface OciImage {
  /** The name a runtime knows it by once it is imported. */
  readonly name: string;
  /** A folder that becomes the image's one layer, all of it root's. */
  readonly root: string;
  readonly entrypoint: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const OCI = 'application/vnd.oci.image';

/** Writes an image for this machine's processor as `ctr images import` takes it: a tar of an OCI layout. */
export async function writeOciImage(target: string, image: OciImage): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'hayward-image-'));
  try {
    const layout = join(work, 'layout');
    await mkdir(join(layout, 'blobs/sha256'), { recursive: true });
    const layer = join(work, 'layer.tar');
    await must(['tar', '--owner=0', '--group=0', '-cf', layer, '-C', image.root, '.']);
    await writeLayout(layout, await readFile(layer), image);
    await must(['tar', '-cf', target, '-C', layout, '.']);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function writeLayout(layout: string, layer: Buffer, image: OciImage): Promise<void> {
  async function blob(mediaType: string, content: Buffer | object) {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const hash = createHash('sha256').update(bytes).digest('hex');
    await writeFile(join(layout, 'blobs/sha256', hash), bytes);
    return { mediaType, digest: `sha256:${hash}`, size: bytes.length };
  }
  const inner = await blob(`${OCI}.layer.v1.tar`, layer);
  const env = Object.entries(image.env ?? {}).map(([name, value]) => `${name}=${value}`);
  const config = await blob(`${OCI}.config.v1+json`, {
    architecture: { x64: 'amd64' }[process.arch as string] ?? process.arch,
    os: 'linux',
    config: { Entrypoint: image.entrypoint, ...(env.length > 0 ? { Env: env } : {}) },
    rootfs: { type: 'layers', diff_ids: [inner.digest] },
  });
  const type = `${OCI}.manifest.v1+json`;
  const manifest = await blob(type, { schemaVersion: 2, mediaType: type, config, layers: [inner] });
  const named = { ...manifest, annotations: { 'io.containerd.image.name': image.name } };
  await writeFile(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  await writeFile(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}
