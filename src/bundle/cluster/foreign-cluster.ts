import { harmless } from '../../hosts/sanitise.ts';
import { isObject } from '../../plain-object.ts';
import type { Archive } from '../archive.ts';
import { DUMPED_TEXT } from '../foreign/cluster-info.ts';
import { createdAt, METADATA, NODE_ZIP } from '../foreign/harvester.ts';
import { ArchiveError } from '../trouble.ts';
import { lightened } from './lightened.ts';
import { formOf, objectsOf, printedLists, type Read, tooLarge, withoutNulls } from './object-lists.ts';
import { listPlaceOf, logPlaceOf } from './places.ts';
import { type ClusterObjects, listKey, RESOURCES } from './record.ts';

const HINT = 'not in this bundle; collect it with: hayward capture --cluster -o FILE';
const MIB = 1024 * 1024;
/** The agent runs twice, and was replaced at times. */
const MOST_LOGS = 16;
const LARGEST_LOG = 32 * MIB;
const MOST_PRINTED = 32 * MIB;
/** Of a log the end, as `--tail` gives it. */
const LOG_END = 64 * 1024;

interface Found {
  readonly lists: Map<string, ClusterObjects['lists'] extends ReadonlyMap<string, infer T> ? T : never>;
  readonly logs: Map<string, string>;
  /** Namespaces of `cluster-info dump`, of which each has a folder. */
  readonly folders: Set<string>;
  metadata?: string;
  /** Whether it is a bundle at all, be it one without objects. */
  known: boolean;
  read: Read;
}

/**
 * The API objects in somebody else's bundle: a Harvester support bundle, an sosreport, a `kubectl cluster-info dump`. `modified`: RFC 3339,
 * when the file was written, for one that does not tell its time. Throws ArchiveError for what is no bundle.
 */
export async function foreignCluster(
  archive: Archive,
  { name, modified }: { readonly name: string; readonly modified: string },
): Promise<ClusterObjects> {
  const found: Found = {
    lists: new Map(),
    logs: new Map(),
    folders: new Set(),
    known: false,
    read: { json: 0, yaml: 0 },
  };
  await archive.walk(async ({ name: member, kind, size }, body) => {
    if (member.includes('/sos_commands') || NODE_ZIP.test(member)) found.known = true;
    if (kind !== 'file') return undefined;
    if (METADATA.test(member) && size <= MIB) found.metadata = (await body()).toString('utf8');
    else await keep(found, { member, size }, body);
    return undefined;
  });
  if (!found.known && found.lists.size === 0) {
    throw new ArchiveError(
      'no bundle hayward knows: neither of hayward capture, nor a Harvester support bundle, an sosreport or a cluster-info dump',
    );
  }
  const version = /^kubernetesVersion:\s*["']?(v[\w.+-]{1,60})/im.exec(found.metadata ?? '')?.[1];
  const namespaces = namespacesIn(found);
  return {
    kind: 'objects',
    name: harmless(name).slice(0, 300),
    takenAt: momentOf(found, modified),
    lists: found.lists,
    logs: found.logs,
    hint: HINT,
    ...(namespaces && { namespaces }),
    ...(version !== undefined && { version }),
  };
}

async function keep(
  found: Found,
  { member, size }: { readonly member: string; readonly size: number },
  body: () => Promise<Buffer>,
): Promise<void> {
  const log = logPlaceOf(member);
  if (log !== undefined) {
    if (found.logs.size < MOST_LOGS && size <= LARGEST_LOG)
      found.logs.set(log, (await body()).subarray(-LOG_END).toString('utf8'));
    return;
  }
  if (member === DUMPED_TEXT) {
    // Of lists that are cut off nothing is known.
    return keepPrinted(found, (await body()).subarray(0, MOST_PRINTED).toString('utf8'));
  }
  const folder = /^(?:[^/]+\/)?([a-z0-9-]+)\/events\.(?:json|yaml)$/.exec(member)?.[1];
  if (folder !== undefined) found.folders.add(folder);
  const place = listPlaceOf(member);
  if (place === undefined) return;
  const key = listKey(place.resource, place.namespace);
  if (found.lists.has(key)) return;
  const refused = tooLarge(member, size, found.read);
  if (refused) {
    found.lists.set(key, { ...refused, detail: harmless(refused.detail) });
    return;
  }
  const bytes = await body();
  // Of a directory no size is told beforehand.
  const list = tooLarge(member, bytes.length, found.read) ?? objectsOf(member, bytes.toString('utf8'));
  const form = formOf(member);
  found.read = { ...found.read, [form]: found.read[form] + bytes.length };
  if ('state' in list) found.lists.set(key, { ...list, detail: harmless(list.detail) });
  else
    found.lists.set(
      key,
      list.map((one) => lightened(place.nulls ? withoutNulls(one) : one)),
    );
}

/** A list says its namespace only by its objects. */
function keepPrinted(found: Found, text: string): void {
  for (const { kind, items } of printedLists(text)) {
    const resource = RESOURCES.find((one) => one.kind === kind);
    const namespace = resource?.namespaces === undefined ? '' : namespaceOf(items[0]);
    if (resource && namespace !== undefined)
      found.lists.set(
        listKey(resource, namespace),
        items.map((one) => lightened(one)),
      );
  }
}

function namespaceOf(object: unknown): string | undefined {
  const metadata = isObject(object) ? object['metadata'] : undefined;
  const namespace = isObject(metadata) ? metadata['namespace'] : undefined;
  return typeof namespace === 'string' ? namespace : undefined;
}

/** By their list; by the folders of a dump of all namespaces, which every cluster has kube-public among. */
function namespacesIn({ lists, folders }: Found): ReadonlySet<string> | undefined {
  const listed = lists.get(listKey({ group: '', plural: 'namespaces' }, ''));
  if (listed === undefined || 'state' in listed) return folders.has('kube-public') ? folders : undefined;
  return new Set(listed.flatMap((one) => nameOf(one) ?? []));
}

function nameOf(object: unknown): string | undefined {
  const metadata = isObject(object) ? object['metadata'] : undefined;
  const name = isObject(metadata) ? metadata['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

/**
 * When it was collected: as it says itself, else the last time a kubelet wrote into its Node or Lease (every 5 min, every 10 s), else when
 * the file was written, which a copy changes.
 */
function momentOf({ metadata, lists }: Found, modified: string): string {
  const said = createdAt(metadata, '');
  if (said !== '') return said;
  const written = ['/nodes.', 'kube-node-lease/leases.coordination.k8s.io'].flatMap((key) => {
    const list = lists.get(key);
    return list === undefined || 'state' in list ? [] : list.flatMap(timesIn);
  });
  const last = Math.max(...written.filter((time) => time <= Date.parse(modified)));
  return Number.isFinite(last) ? new Date(last).toISOString() : modified;
}

/** Milliseconds since the epoch. */
function timesIn(object: unknown): number[] {
  const status = isObject(object) && isObject(object['status']) ? object['status'] : {};
  const spec = isObject(object) && isObject(object['spec']) ? object['spec'] : {};
  const conditions = Array.isArray(status['conditions']) ? status['conditions'].filter(isObject) : [];
  const texts = [spec['renewTime'], ...conditions.map((one) => one['lastHeartbeatTime'])];
  return texts.flatMap((text) =>
    typeof text === 'string' && !Number.isNaN(Date.parse(text)) ? [Date.parse(text)] : [],
  );
}
