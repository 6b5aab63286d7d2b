import type { Unknown } from '../../hosts/reading.ts';
import type { KubeConnection } from './connection.ts';
import type { ListedObject } from './list.ts';

/** `key` is `namespace/name`, or `name` of what has no namespace. */
export type InformerEvent<T> =
  | { readonly kind: 'set'; readonly key: string; readonly value: T; readonly before: T | undefined }
  | { readonly kind: 'removed'; readonly key: string; readonly before: T };

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

/** Keeps a list of the cluster's objects as they are: lists in pages, then watches, for ever. */
export declare function inform<T>(options: InformOptions<T>): Informer<T>;
