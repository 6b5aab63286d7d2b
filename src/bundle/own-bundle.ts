import { createHash } from 'node:crypto';
import type { Capture } from '../hosts/capture.ts';
import { type Fields, fieldsOf, jsonOf, objectsIn, textAt } from '../snapshot/fields.ts';
import type { Archive } from './archive.ts';
import { captureFrom } from './capture-shape.ts';
import { LIMITS } from './limits.ts';
import { MANIFEST } from './make-bundle.ts';
import { ArchiveError, quotedName } from './trouble.ts';

/**
 * The captures of a bundle that `hayward capture` made, in the manifest's order. Every node's digest must be right and
 * nothing else may be in it: what was tampered with, or cut off, is refused as a whole.
 */
export async function ownCaptures(archive: Archive): Promise<readonly Capture[]> {
  const bodies = new Map<string, Buffer>();
  let kept = 0;
  await archive.walk(async (member, body) => {
    const { name, kind } = member;
    if (kind === 'directory') return undefined;
    if (kind !== 'file') throw new ArchiveError(`${quotedName(name)} is a link or a device, which no capture holds`);
    if (name !== MANIFEST && !/^nodes\/[^/]+\/capture\.json$/.test(name)) {
      throw new ArchiveError(`${quotedName(name)} does not belong in a capture`);
    }
    if (bodies.has(name)) throw new ArchiveError(`${quotedName(name)} is in it twice`);
    const text = await body();
    kept += text.length;
    if (kept > LIMITS.kept) throw new ArchiveError(`more than ${LIMITS.kept / 1024 / 1024} MiB of captures`);
    bodies.set(name, text);
    return undefined;
  });
  return listed(bodies);
}

function listed(bodies: Map<string, Buffer>): readonly Capture[] {
  const manifest = parsed(bodies.get(MANIFEST), MANIFEST, (json) => fieldsOf(json, 'manifest'));
  if (manifest.object['kind'] !== 'hayward-capture' || manifest.object['schema'] !== 1) {
    throw new ArchiveError(`${MANIFEST} is of another program, or of another version of hayward`);
  }
  bodies.delete(MANIFEST);
  const nodes = parsed(Buffer.from('{}'), MANIFEST, () => objectsIn(manifest, 'nodes'));
  const captures = nodes.map((node) => captureOf(node, bodies));
  const [stray] = bodies.keys();
  if (stray !== undefined) throw new ArchiveError(`${quotedName(stray)} is not in the manifest`);
  if (captures.length === 0) throw new ArchiveError('no node is in it');
  return captures;
}

function captureOf(node: Fields, bodies: Map<string, Buffer>): Capture {
  const file = parsed(Buffer.from('{}'), MANIFEST, () => textAt(node, 'file'));
  const body = bodies.get(file);
  if (!body) throw new ArchiveError(`${quotedName(file)} is missing: it is cut off, or was changed`);
  if (createHash('sha256').update(body).digest('hex') !== node.object['sha256']) {
    throw new ArchiveError(`${quotedName(file)} was changed or damaged: its digest is wrong`);
  }
  // As text and as objects it takes several times its bytes: the bytes need not stay.
  bodies.delete(file);
  return parsed(body, file, captureFrom);
}

function parsed<T>(body: Buffer | undefined, name: string, read: (json: unknown) => T): T {
  if (!body) throw new ArchiveError(`${quotedName(name)} is missing`);
  try {
    return read(jsonOf(body.toString('utf8')));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ArchiveError(`${quotedName(name)}: ${why.slice(0, 300)}`, { cause: error });
  }
}
