import type { KubeConnection } from '../../cluster/client/connection.ts';
import { type ListedObject, list } from '../../cluster/client/list.ts';
import { isObject } from '../../plain-object.ts';
import { expiredRunOf, RUN_SELECTOR } from '../run-namespace.ts';

/** What a run consists of, those that make others first. */
const COLLECTIONS = [
  'apis/batch/v1/namespaces/NS/jobs',
  'apis/apps/v1/namespaces/NS/daemonsets',
  'apis/discovery.k8s.io/v1/namespaces/NS/endpointslices',
  'api/v1/namespaces/NS/pods',
] as const;

/**
 * Deletes a run: its objects one kind after the other, so that none is left where nobody empties namespaces, then its namespace. What
 * is gone already is fine. Undefined once all is accepted, otherwise what was not, in the server's words.
 */
export async function takeDown(client: KubeConnection, namespace: string): Promise<string | undefined> {
  const left: string[] = [];
  const services = await list(client, `/api/v1/namespaces/${namespace}/services`, nameOf);
  const paths = [
    ...COLLECTIONS.map((path) => `/${path.replace('NS', namespace)}`),
    ...(services.known ? services.value.map((name) => `/api/v1/namespaces/${namespace}/services/${name}`) : []),
    `/api/v1/namespaces/${namespace}`,
  ];
  for (const path of paths) {
    const removed = await client.remove(`${path}?propagationPolicy=Background`);
    // A conflict: it is being deleted already.
    if (removed.kind === 'denied' || removed.kind === 'failed') left.push(`${path}: ${removed.detail}`);
  }
  return left[0];
}

/** How it is gone about. */
export interface Persistence {
  pause(): Promise<void>;
  /** Whether it is asked again, once it was accepted or before. */
  mayGoOn(wasAccepted: boolean): boolean;
}

/**
 * Deletes a run whose maker was killed: what it had sent may be carried out only after a first delete found nothing, so that it is
 * asked until it was accepted twice, with a pause between. Whether it was.
 */
export async function takeDownTwice(
  client: KubeConnection,
  namespace: string,
  { pause, mayGoOn }: Persistence,
): Promise<boolean> {
  for (let accepted = 0; ; ) {
    if ((await takeDown(client, namespace)) === undefined) accepted++;
    if (accepted === 2) return true;
    if (!mayGoOn(accepted > 0)) return false;
    await pause();
  }
}

function nameOf({ metadata }: ListedObject): string {
  return isObject(metadata) ? String(metadata['name']) : '';
}

/** Namespaces of runs that were left behind: by their own word over since then. */
export async function expiredRuns(client: KubeConnection, now: Date): Promise<readonly string[]> {
  const read = (object: ListedObject) => expiredRunOf(object, now.getTime());
  const all = await list(client, '/api/v1/namespaces', read, { labelSelector: RUN_SELECTOR, metadataOnly: true });
  return all.known ? all.value.flatMap((run) => run?.name ?? []) : [];
}
