import { readFile, stat } from 'node:fs/promises';
import { type Unknown, unknown } from '../../../hosts/reading.ts';
import { codeOf, failureFor } from '../../../hosts/system-errors.ts';
import { decode } from '../../../manifests/decode.ts';
import { documentsIn } from '../../../manifests/documents.ts';
import { type Manifest, manifestFile, manifestsIn } from '../../../manifests/manifest.ts';

export interface ReadManifests {
  readonly path: string;
  readonly manifests: readonly Manifest[];
}

/** Configurations and manifests are small; what is larger is none. */
const LARGEST = 1024 * 1024;

/** Reads a configuration or manifest file of this machine. Nothing of its text is in what is said of one that cannot be read. */
export async function readManifests(path: string): Promise<ReadManifests | Unknown> {
  const bytes = await bytesOf(path);
  if ('known' in bytes) return bytes;
  const decoded = decode(bytes);
  if (decoded.kind === 'fault') return unknown('failed', path, `${path}:${decoded.line}: not text in UTF-8`);
  const file = manifestFile(path, decoded.text);
  const manifests: Manifest[] = [];
  for (const part of documentsIn(decoded.text)) {
    if (part.kind !== 'document') {
      const { line } = file.placeOf(part.offset);
      return unknown('failed', path, `${path}:${line}: no YAML that can be read`);
    }
    manifests.push(...manifestsIn(file, part.document));
  }
  return { path, manifests };
}

/** Of a regular file alone: a pipe would not end. */
async function bytesOf(path: string): Promise<Uint8Array | Unknown> {
  try {
    const entry = await stat(path);
    if (!entry.isFile()) return unknown('failed', path, `${path}: not a regular file`);
    if (entry.size > LARGEST) return unknown('failed', path, `${path}: larger than ${LARGEST} bytes`);
    return await readFile(path);
  } catch (error) {
    const { state, detail } = failureFor(path, codeOf(error));
    return unknown(state, path, detail);
  }
}
