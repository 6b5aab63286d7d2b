import type { Unknown } from '../../hosts/reading.ts';
import type { ListedObject } from './list.ts';

export interface WatchOptions {
  /** Of the list it goes on from, or of the last event seen. */
  readonly resourceVersion: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Only each object's metadata is sent. */
  readonly metadataOnly?: boolean;
  /** A stream that is silent for longer is ended. */
  readonly silentMs?: number;
  readonly signal: AbortSignal;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: ListedObject;
}

/**
 * How a watch ended. `over`: the server or the way to it ended it, or it was silent too long: go on from the last resourceVersion.
 * `expired` (410): that is too old, list anew. `refused`: it never began, or the server gave it up with an error.
 */
export type WatchEnd =
  | { readonly kind: 'over'; readonly detail: string }
  | { readonly kind: 'expired' }
  | { readonly kind: 'refused'; readonly why: Unknown };

export interface KubeWatcher {
  /** Streams the changes of a list until it ends; events are told one after the other, as they come. */
  watch(path: string, options: WatchOptions, onEvent: (event: WatchEvent) => void): Promise<WatchEnd>;
}
