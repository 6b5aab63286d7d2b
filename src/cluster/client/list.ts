import { known, type Reading, unknown } from '../../hosts/reading.ts';
import type { AskOptions, KubeClient } from './client.ts';

export interface ListOptions extends AskOptions {
  /** e.g. `spec.nodeName=node-1`, the only list of Pods a node's own credentials are given since 1.32 (KEP-4601). */
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Objects a page; the time limit counts for each page. */
  readonly pageSize?: number;
}

/** One object of a list, as the server sent it: not checked. */
export type ListedObject = Readonly<Record<string, unknown>>;

interface Page {
  readonly items: readonly ListedObject[];
  readonly next: string;
  /** How many objects the server says come after this page: none, where it says nothing. */
  readonly remaining: number;
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
  let answer: Reading<T[]> & { expired?: boolean } = await listOnce(client, path, pick, options);
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
): Promise<Reading<T[]> & { expired?: boolean }> {
  const picked: T[] = [];
  const query = queryFor(options);
  const source = `kubectl get --raw '${path}?${query}'`;
  for (;;) {
    const answer = await client.json(`${path}?${query}`, options);
    if (!answer.known) return { ...answer, source, expired: answer.detail.startsWith('HTTP 410:') };
    const page = pageOf(answer.value);
    if (page === undefined) return unknown('failed', source, `${client.server}: the answer is no list`);
    for (const item of page.items) picked.push(pick(item));
    if (page.next === '' && page.remaining === 0) return known(picked, source);
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
  const { kind, items, metadata } = recordOf(answer) ?? {};
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items) || !items.every(isNamed)) {
    return undefined;
  }
  const { continue: next, remainingItemCount } = recordOf(metadata) ?? {};
  return { items, next: typeof next === 'string' ? next : '', remaining: Number(remainingItemCount ?? 0) };
}

/** Every object of the API has a name. */
function isNamed(item: unknown): item is ListedObject {
  const { name } = recordOf(recordOf(item)?.['metadata']) ?? {};
  return typeof name === 'string' && name !== '';
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
