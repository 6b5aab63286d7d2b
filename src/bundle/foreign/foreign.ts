import type { Host } from '../../hosts/host.ts';
import { harmless } from '../../hosts/sanitise.ts';
import type { Archive } from '../archive.ts';
import { LIMITS } from '../limits.ts';
import { ArchiveError } from '../trouble.ts';
import { DUMPED_NODES, DUMPED_TEXT, nodesFromDump } from './cluster-info.ts';
import { createdAt, METADATA, NODE_LIST, NODE_ZIP, nodeFromZip, nodeNames, nodeWithoutZip } from './harvester.ts';
import { answered, type RecordedNode } from './recorded-node.ts';
import { nodeFromSos, SOS_COMMAND, SOS_FILE } from './sosreport.ts';

/** Texts that are wanted are at most this large; lists of thousands of Nodes are. */
const MAX_TEXT = 64 * 1024 * 1024;

interface Found {
  readonly texts: Map<string, string>;
  readonly nodes: RecordedNode[];
  /** Whether a folder of sos's commands was seen. */
  sos: boolean;
  kept: number;
}

/**
 * The nodes of somebody else's bundle: a Harvester support bundle, an sosreport, a `kubectl cluster-info dump`. What is in it is
 * judged; what is not is `not-collected`, with how to collect it. `modified`: the time that stands where it tells none.
 */
export async function foreignHosts(archive: Archive, modified: string): Promise<readonly Host[]> {
  const found: Found = { texts: new Map(), nodes: [], sos: false, kept: 0 };
  await archive.walk(async ({ name, kind, size }, body) => {
    if (name.includes('/sos_commands')) found.sos = true;
    if (kind !== 'file') return undefined;
    const zipped = NODE_ZIP.exec(name)?.[1];
    if (zipped !== undefined) {
      // One after the other, so that no two are in memory at once.
      found.nodes.push(await nodeFromZip(harmless(zipped), await body(), modified));
    } else if (isWanted(name) && size <= MAX_TEXT) keep(found, name, await body());
    return undefined;
  });
  return nodesOf(found, modified).map(hostOf);
}

function isWanted(name: string): boolean {
  return (
    [NODE_LIST, METADATA, SOS_COMMAND, SOS_FILE, DUMPED_NODES].some((pattern) => pattern.test(name)) ||
    name === DUMPED_TEXT
  );
}

function keep(found: Found, name: string, bytes: Buffer): void {
  found.kept += bytes.length;
  if (found.kept > LIMITS.kept) throw new ArchiveError(`more than ${LIMITS.kept / 1024 / 1024} MiB of configuration`);
  if (!found.texts.has(name)) found.texts.set(name, bytes.toString('utf8'));
}

function nodesOf({ texts, nodes, sos }: Found, modified: string): readonly RecordedNode[] {
  const matching = (pattern: RegExp) => [...texts].filter(([name]) => pattern.test(name));
  const lists = matching(NODE_LIST);
  if (nodes.length > 0 || lists.length > 0) {
    const takenAt = createdAt(matching(METADATA)[0]?.[1], modified);
    const seen = new Set(nodes.map(({ name }) => name));
    const others = lists.flatMap(([, text]) => nodeNames(text)).filter((name) => !seen.has(name));
    return [
      ...nodes.map((node) => ({ ...node, takenAt })),
      ...others.map((name) => nodeWithoutZip(harmless(name), takenAt)),
    ];
  }
  if (sos) return [nodeFromSos(texts, modified)];
  const dumped = nodesFromDump(
    new Map([...texts].filter(([name]) => DUMPED_NODES.test(name) || name === DUMPED_TEXT)),
    modified,
  );
  if (dumped.length > 0) return dumped;
  throw new ArchiveError(
    'no bundle hayward knows: neither of hayward capture, nor a Harvester support bundle, an sosreport or a cluster-info dump',
  );
}

function hostOf(node: RecordedNode): Host {
  const named = { ...node, name: harmless(node.name).slice(0, 300) };
  return { name: named.name, via: 'bundle', collect: async (asks) => answered(named, asks) };
}
