/** Why a document cannot be read, as data; the words for it are made in the rule that tells of it. */
export type Fault =
  | { readonly kind: 'utf-16' | 'utf-32' | 'not-utf-8' | 'nul' }
  /** The parser's own words, in English. */
  | { readonly kind: 'syntax'; readonly message: string }
  /** Go templates, as in a Helm chart. */
  | { readonly kind: 'template' }
  | { readonly kind: 'too-deep'; readonly levels: number }
  | { readonly kind: 'too-large'; readonly bytes: number }
  | { readonly kind: 'too-many-tokens' }
  | { readonly kind: 'aliases'; readonly nodes: number }
  | { readonly kind: 'alias-unknown' | 'alias-within'; readonly name: string }
  | { readonly kind: 'duplicate-key'; readonly key: string }
  | { readonly kind: 'key-not-text' }
  /** A label, an annotation or another field that holds something else than text. */
  | { readonly kind: 'not-text'; readonly field: string }
  | { readonly kind: 'not-a-map'; readonly field: string }
  /** JSON within a text, such as a CNI configuration. */
  | { readonly kind: 'embedded-json'; readonly field: string; readonly message: string }
  | { readonly kind: 'embedded-duplicate'; readonly field: string; readonly key: string };

/** Bytes kube-apiserver takes in one request: 3 MiB (k8s.io/apiserver pkg/server/config.go, MaxRequestBodyBytes); etcd less. */
export const LARGEST_REQUEST = 3 * 1024 * 1024;
