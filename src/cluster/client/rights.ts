export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/**
 * What some code asks of the API server, stated beside that code. The manifests in deploy/ are written from it (npm run generate), and
 * their tests see by the API server's audit log that no less is needed and no more granted.
 */
export type Right = ObjectRight | UrlRight;

export interface ObjectRight {
  /** As RBAC has them: an apply is a patch, and a create where the object is not there. */
  readonly verbs: readonly Verb[];
  /** Empty for the core group. */
  readonly group: string;
  /** With the subresource: `nodenetworkprobes/status`. */
  readonly resources: readonly string[];
  /** These objects alone. The name of what is created cannot be told beforehand (RBAC documentation, "Referring to resources"). */
  readonly names?: readonly string[];
  /** In this namespace alone, which every cluster has. */
  readonly namespace?: string;
  /** For whoever reads the manifest; empty where the verbs say it all. */
  readonly why: string;
}

/** What is no object, as /metrics. */
export interface UrlRight {
  readonly verbs: readonly ['get'];
  readonly urls: readonly string[];
  readonly why: string;
}
