import type { Unknown } from '../../hosts/reading.ts';
import type { KubeConnection } from './connection.ts';
import { type InformerEvent, keep, versionOf } from './kept.ts';
import { type ListedObject, listAt } from './list.ts';
import { pausesFor } from './pauses.ts';
import type { WatchEvent } from './watch.ts';

export interface InformOptions<T> {
  readonly client: KubeConnection;
  /** The list's, e.g. `/apis/k8s.cni.cncf.io/v1/network-attachment-definitions` for those of all namespaces. */
  readonly path: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Only each object's metadata is asked for (PartialObjectMetadata): e.g. of Nodes, whose status is large and changes often. */
  readonly metadataOnly?: boolean;
  /** What is kept of an object; an object it returns undefined for is as if it were not there. */
  readonly read: (object: ListedObject) => T | undefined;
  /** Told after `items` has changed. Not for objects that a new list finds as they were. */
  readonly onChange: (event: InformerEvent<T>) => void;
  /** Why the cluster is not seen for now (absent: the kind is not served), undefined once it is again. What was seen stays in `items`. */
  readonly onTrouble?: (why: Unknown | undefined) => void;
  /** A watch that is silent for longer begins anew; watch.ts says how long where it is not said here. */
  readonly silentMs?: number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

export interface Informer<T> {
  /** What is there, as last seen. */
  readonly items: ReadonlyMap<string, T>;
  /** True once all that is there has been seen; false when it was ended before. */
  readonly synced: Promise<boolean>;
  /** Resolves when nothing of it runs any more. */
  readonly ended: Promise<void>;
}

/**
 * Keeps the objects of a list as they are: lists in pages, then watches, until it is ended. Goes on from the last version seen when a
 * stream is cut, falls silent or the server is away, lists anew when that version has expired; with growing pauses of uneven length.
 */
export function inform<T>(options: InformOptions<T>): Informer<T> {
  const { client, path, signal } = options;
  const kept = keep(options.read, options.onChange);
  const pauses = pausesFor(signal);
  let troubled = false;
  let sync: (done: boolean) => void;
  const synced = new Promise<boolean>((resolve) => {
    sync = resolve;
  });

  function say(why: Unknown | undefined): void {
    if (signal.aborted || (why === undefined && !troubled)) return;
    troubled = why !== undefined;
    options.onTrouble?.(why);
  }
  /** Follows the changes from a version on, until it must be listed anew. */
  async function follow(from: string): Promise<void> {
    let resourceVersion = from;
    function onEvent(event: WatchEvent): void {
      resourceVersion = versionOf(event.object) || resourceVersion;
      pauses.begin();
      kept.take(event);
    }
    while (!signal.aborted) {
      const watched = { ...selectionOf(options), resourceVersion, signal, onOpen: () => say(undefined) };
      const end = await client.watch(path, watched, onEvent);
      if (end.kind !== 'expired' && end.why !== undefined) say(end.why);
      if (end.kind !== 'over') return;
      await pauses.next();
    }
  }
  async function run(): Promise<void> {
    while (!signal.aborted) {
      const listed = await listAt(client, path, kept.seen, { ...selectionOf(options), signal });
      if (signal.aborted) return;
      if (listed.known) {
        kept.replace(listed.value.items);
        say(undefined);
        sync(true);
        await follow(listed.value.resourceVersion);
      } else say(listed);
      await pauses.next();
    }
  }
  return { items: kept.items, synced, ended: run().finally(() => sync(false)) };
}

/** Which objects, in which form, for a list and a watch alike. */
function selectionOf<T>({ fieldSelector, labelSelector, metadataOnly = false, silentMs }: InformOptions<T>) {
  return {
    metadataOnly,
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(silentMs === undefined ? {} : { silentMs }),
  };
}
