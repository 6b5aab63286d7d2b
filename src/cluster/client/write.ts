import type { Reading } from '../../hosts/reading.ts';
import { turnstile } from '../../turnstile.ts';
import { refusalOf } from './client.ts';
import { type Answer, NoAnswer } from './exchange.ts';
import type { ListedObject } from './list.ts';
import type { AskOptions, Question, Wire } from './wire.ts';

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

export interface WriteOptions extends AskOptions {
  /** Asked right before each attempt is written to a connection that stands: a reason keeps it from being sent, and is `failed`. */
  readonly unless?: () => string | undefined;
}

export interface ApplyOptions extends WriteOptions {
  /** Who owns the fields that are set. */
  readonly manager: string;
  /** Take over fields that another manager owns; without it that is a conflict. */
  readonly force?: boolean;
}

export interface MergeOptions extends WriteOptions {
  /** Who is said to have written, in managedFields. */
  readonly manager?: string;
  /** Strategic merge patch, of built-in kinds alone: lists are merged by their keys, and `$patch: delete` removes an entry. */
  readonly strategic?: boolean;
}

/**
 * Writes to one API server. Paths are objects' own, with the subresource where it is meant (`…/nodenetworkprobes/node-1/status`). All
 * ask again, within the limit, while the server is busy or when a connection was lost; a create that was done unseen is then a conflict.
 * A few at once are sent, the others wait their turn, for which no limit counts.
 */
export interface KubeWriter {
  /** Server-side apply: makes the object, or sets what is given and removes what this manager had set before. */
  apply(path: string, object: KubeBody, options: ApplyOptions): Promise<Written>;
  /** JSON merge patch (RFC 7386): null removes a key. */
  merge(path: string, patch: object, options?: MergeOptions): Promise<Written>;
  /** `path` is the list's. */
  create(path: string, object: KubeBody, options?: WriteOptions): Promise<Written>;
  /** The whole object; a conflict where `metadata.resourceVersion` is given and is no longer the object's. */
  replace(path: string, object: KubeBody, options?: WriteOptions): Promise<Written>;
  /** `done` carries what the server answered: the object, or a Status. */
  remove(path: string, options?: WriteOptions): Promise<Written>;
}

/** An object as it is sent. */
export interface KubeBody {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** At once: a thousand networks' writes must not be a thousand connections. */
const AT_ONCE = 8;

/** What writes over a wire. */
export function writerOn(wire: Wire): KubeWriter {
  const turns = turnstile(AT_ONCE);

  async function write(
    question: Omit<Question, 'source'>,
    { unless, ...options }: WriteOptions = {},
  ): Promise<Written> {
    // In the same words, whether it was known before a connection was looked for or only on it.
    let withheld: string | undefined;
    const mayNot = (): string | undefined => {
      withheld = unless?.();
      return withheld;
    };
    const asked: Question = { ...question, source: `${question.method} ${question.path}`, unless: mayNot };
    return turns(async () => {
      const why = mayNot();
      if (why !== undefined) return { kind: 'failed', detail: why };
      const written = writtenOf(await wire.ask(asked, options), wire.server);
      return withheld === undefined ? written : { kind: 'failed', detail: withheld };
    });
  }
  return {
    apply(path, body, { manager, force = false, ...options }) {
      const query = new URLSearchParams({ fieldManager: manager, force: String(force) });
      const type = 'application/apply-patch+yaml';
      return write({ path: `${path}?${query}`, method: 'PATCH', body, type }, options);
    },
    merge(path, body, { manager, strategic = false, ...options } = {}) {
      const query = manager === undefined ? '' : `?${new URLSearchParams({ fieldManager: manager })}`;
      const type = strategic ? 'application/strategic-merge-patch+json' : 'application/merge-patch+json';
      return write({ path: path + query, method: 'PATCH', body, type }, options);
    },
    create: (path, body, options) => write({ path, method: 'POST', body }, options),
    replace: (path, body, options) => write({ path, method: 'PUT', body }, options),
    remove: (path, options) => write({ path, method: 'DELETE' }, options),
  };
}

function writtenOf(answer: Reading<Answer | NoAnswer>, server: string): Written {
  if (!answer.known) return { kind: answer.reason === 'denied' ? 'denied' : 'failed', detail: answer.detail };
  const { value, source } = answer;
  if (value instanceof NoAnswer) return { kind: 'failed', detail: `${server}: ${value.message}` };
  if (value.status >= 200 && value.status < 300) return objectOf(value.text, server);
  const { reason, detail } = refusalOf(value, source);
  if (value.status === 409) return { kind: 'conflict', detail };
  return { kind: reason === 'absent' ? 'gone' : reason === 'denied' ? 'denied' : 'failed', detail };
}

function objectOf(text: string, server: string): Written {
  try {
    return { kind: 'done', object: JSON.parse(text) as ListedObject };
  } catch {
    return { kind: 'failed', detail: `${server}: the answer is no JSON, or was cut short` };
  }
}
