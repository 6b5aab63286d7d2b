import type { AskOptions } from './client.ts';
import type { ListedObject } from './list.ts';

/**
 * What came of a write. `conflict` (409): another manager owns a field, the object changed since its resourceVersion, or it is
 * there already. `gone` (404): the object, its namespace or its kind is not there. `denied` (401, 403): also an admission webhook's no.
 * `failed`: refused for another reason (400, 422: its schema), busy beyond the limit, or no answer: then it may have been done.
 */
export type Written = { readonly kind: 'done'; readonly object: ListedObject } | NotWritten;

export interface NotWritten {
  readonly kind: 'conflict' | 'gone' | 'denied' | 'failed';
  /** The server's own words, or the system's. One line, harmless. */
  readonly detail: string;
}

export interface ApplyOptions extends AskOptions {
  /** Who owns the fields that are set. */
  readonly manager: string;
  /** Take over fields that another manager owns; without it that is a conflict. */
  readonly force?: boolean;
}

export interface MergeOptions extends AskOptions {
  /** Who is said to have written, in managedFields. */
  readonly manager?: string;
}

/**
 * Writes to one API server. Paths are objects' own, with the subresource where it is meant (`…/nodenetworkprobes/node-1/status`). All
 * ask again, within the limit, while the server is busy or when a connection was lost; a create that was done unseen is then a conflict.
 */
export interface KubeWriter {
  /** Server-side apply: makes the object, or sets what is given and removes what this manager had set before. */
  apply(path: string, object: KubeBody, options: ApplyOptions): Promise<Written>;
  /** JSON merge patch (RFC 7386): null removes a key. */
  merge(path: string, patch: object, options?: MergeOptions): Promise<Written>;
  /** `path` is the list's. */
  create(path: string, object: KubeBody, options?: AskOptions): Promise<Written>;
  /** The whole object; a conflict where `metadata.resourceVersion` is given and is no longer the object's. */
  replace(path: string, object: KubeBody, options?: AskOptions): Promise<Written>;
  /** `done` carries what the server answered: the object, or a Status. */
  remove(path: string, options?: AskOptions): Promise<Written>;
}

/** An object as it is sent. */
export interface KubeBody {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}
