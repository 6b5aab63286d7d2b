import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { HostError } from '../hosts/host.ts';
import { harmless } from '../hosts/sanitise.ts';
import { codeOf, wordsFor } from '../hosts/system-errors.ts';
import type { MadeBundle } from './make-bundle.ts';
import { tarOf } from './tar-write.ts';

/** What a bundle's name says of how it is packed; undefined for a name that promises something else. */
export function packingNamed(path: string): 'tar' | 'gzip' | undefined {
  if (/\.(tar\.gz|tgz)$/i.test(path)) return 'gzip';
  return /\.tar$/i.test(path) ? 'tar' : undefined;
}

/**
 * Writes a bundle beside its place and moves it there when it is whole: readable by its owner alone, for what a node runs
 * is nobody else's business. Throws a HostError of code `usage` where it cannot be written.
 */
export async function writeBundle(path: string, bundle: MadeBundle, packing: 'tar' | 'gzip'): Promise<number> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await pipeline(piecesOf(bundle, packing), file.createWriteStream({ flush: true }));
    } finally {
      await file.close().catch(() => undefined);
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new HostError(`-o ${harmless(path)}: ${wordsFor(codeOf(error))}`, 'usage', { cause: error });
  }
  const written = await open(path, 'r');
  try {
    return (await written.stat()).size;
  } finally {
    await written.close();
  }
}

/** The same to standard output, packed: for `hayward capture -o - | ssh …`. */
export async function printBundle(bundle: MadeBundle): Promise<void> {
  try {
    await pipeline(piecesOf(bundle, 'gzip'), createWriteStream('', { fd: 1, autoClose: false }));
  } catch (error) {
    const code = codeOf(error);
    // A reader that goes away had what it wanted.
    if (code !== 'EPIPE') throw new HostError(`-o -: ${wordsFor(code)}`, 'usage', { cause: error });
  }
}

function piecesOf({ manifest, members }: MadeBundle, packing: 'tar' | 'gzip'): Readable | NodeJS.ReadWriteStream {
  const tar = Readable.from(tarOf(members, Math.floor(Date.parse(manifest.takenAt) / 1000)));
  return packing === 'gzip' ? tar.pipe(createGzip()) : tar;
}
