import { known, type Reading, unknown } from '../../hosts/reading.ts';
import { isObject } from '../../plain-object.ts';
import type { AskOptions, KubeClient } from './client.ts';

export interface ListOptions extends AskOptions {
  /** e.g. `spec.nodeName=node-1`, the only list of Pods a node's own credentials are given since 1.32 (KEP-4601). */
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Objects a page; the time limit counts for each page. */
  readonly pageSize?: number;
  /** Only each object's metadata is asked for (PartialObjectMetadata). */
  readonly metadataOnly?: boolean;
}

/** A list as it was at one moment. */
export interface Listed<T> {
  readonly items: T[];
  /** From which a watch goes on. */
  readonly resourceVersion: string;
}

/** One object of a list, as the server sent it: not checked. */
export type ListedObject = Readonly<Record<string, unknown>>;

interface Page {
  readonly items: readonly ListedObject[];
  readonly next: string;
  /** How many objects the server says come after this page: none, where it says nothing. */
  readonly remaining: number;
  readonly resourceVersion: string;
}

const PAGE_SIZE = 500;

/** How often a list is begun again because its pages expired on the server. */
const ATTEMPTS = 3;

/**
 * Lists objects page by page and keeps of each only what `pick` takes, so that no more than one page of them is in memory. A
 * page's token expires after some minutes (410, metadata.continue in the API conventions): the list then begins again, for half of
 * an old list and half of a new one would be no state the cluster ever was in. Unknown when any page is, and when a proxy lost the
 * way to the next one: never a short list.
 */
export async function list<T>(
  client: KubeClient,
  path: string,
  pick: (object: ListedObject) => T,
  options: ListOptions = {},
): Promise<Reading<T[]>> {
  const listed = await listAt(client, path, pick, options);
  return listed.known ? known(listed.value.items, listed.source) : listed;
}

/** Lists as `list` does, and says as of which moment. */
export async function listAt<T>(
  client: KubeClient,
  path: string,
  pick: (object: ListedObject) => T,
  options: ListOptions = {},
): Promise<Reading<Listed<T>>> {
  let answer = await listOnce(client, path, pick, options);
  for (let attempt = 1; answer.expired && attempt < ATTEMPTS; attempt++) {
    answer = await listOnce(client, path, pick, options);
  }
  return answer;
}

async function listOnce<T>(
  client: KubeClient,
  path: string,
  pick: (object: ListedObject) => T,
  options: ListOptions,
): Promise<Reading<Listed<T>> & { expired?: boolean }> {
  const accept = options.metadataOnly ? { accept: metadataAs('PartialObjectMetadataList') } : {};
  const picked: T[] = [];
  const query = queryFor(options);
  const source = `kubectl get --raw '${path}?${query}'`;
  for (;;) {
    const answer = await client.json(`${path}?${query}`, { ...options, ...accept });
    if (!answer.known) return { ...answer, source, expired: answer.detail.startsWith('HTTP 410:') };
    const page = pageOf(answer.value);
    if (page === undefined) return unknown('failed', source, `${client.server}: the answer is no list`);
    for (const item of page.items) picked.push(pick(item));
    if (page.next === '' && page.remaining === 0) {
      return known({ items: picked, resourceVersion: page.resourceVersion }, source);
    }
    if (page.next === '' || page.next === query.get('continue')) {
      return unknown('failed', source, `${client.server}: the list was cut short after ${picked.length} objects`);
    }
    query.set('continue', page.next);
  }
}

function queryFor({ pageSize = PAGE_SIZE, fieldSelector, labelSelector }: ListOptions): URLSearchParams {
  const query = new URLSearchParams({ limit: String(pageSize) });
  if (fieldSelector) query.set('fieldSelector', fieldSelector);
  if (labelSelector) query.set('labelSelector', labelSelector);
  return query;
}

/** Nothing where the answer is no list: a proxy's page, or a server that says something else than its API promises. */
function pageOf(answer: unknown): Page | undefined {
  const { kind, items, metadata } = fieldsOf(answer);
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items) || !items.every(isNamed)) {
    return undefined;
  }
  const { continue: next, remainingItemCount, resourceVersion } = fieldsOf(metadata);
  return {
    items,
    next: textOf(next),
    remaining: Number(remainingItemCount ?? 0),
    resourceVersion: textOf(resourceVersion),
  };
}

/** Every object of the API has a name. */
function isNamed(item: unknown): item is ListedObject {
  const { name } = fieldsOf(fieldsOf(item)['metadata']);
  return typeof name === 'string' && name !== '';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The form of an answer that holds metadata alone (API concepts, "Metadata-only fetches"). */
export function metadataAs(kind: 'PartialObjectMetadata' | 'PartialObjectMetadataList'): string {
  return `application/json;as=${kind};g=meta.k8s.io;v=v1`;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}
