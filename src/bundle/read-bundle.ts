import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Capture } from '../hosts/capture.ts';
import type { Host } from '../hosts/host.ts';
import { harmless } from '../hosts/sanitise.ts';
import type { Archive } from './archive.ts';
import { bundleHost } from './bundle-host.ts';
import { foreignCluster } from './cluster/foreign-cluster.ts';
import type { ClusterRecord } from './cluster/record.ts';
import { foreignHosts } from './foreign/foreign.ts';
import { MANIFEST } from './make-bundle.ts';
import { withArchive } from './open-archive.ts';
import { ownCaptures } from './own-bundle.ts';
import { ArchiveError } from './trouble.ts';

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
    if (await isOwn(archive)) {
      const nodes = (await ownCaptures(archive)).filter((capture) => !isCluster(capture));
      if (nodes.length === 0) throw new ArchiveError('a cluster is in it, and no node: hayward status --bundle');
      return nodes.map(bundleHost);
    }
    return foreignHosts(archive, (await stat(path)).mtime.toISOString());
  });
}

/**
 * What any bundle holds of its cluster, for `status`. Of one that holds nothing all is not collected. A HostError of code `usage`,
 * one line, for what is no bundle, damaged or hostile.
 */
export async function bundleCluster(path: string): Promise<ClusterRecord> {
  return withArchive(path, async (archive) => {
    const name = basename(path);
    if (!(await isOwn(archive)))
      return foreignCluster(archive, { name, modified: (await stat(path)).mtime.toISOString() });
    const captures = await ownCaptures(archive);
    const capture = captures.find(isCluster);
    if (capture) return { kind: 'answers', capture };
    const takenAt = captures[0]?.takenAt ?? (await stat(path)).mtime.toISOString();
    return { kind: 'objects', name: harmless(name), takenAt, lists: new Map(), logs: new Map(), hint: NODES_ONLY };
  });
}

const NODES_ONLY = 'not in this bundle of single nodes; collect it with: hayward capture --cluster -o FILE';

function isCluster({ target }: Capture): boolean {
  return target.via === 'kubernetes';
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
