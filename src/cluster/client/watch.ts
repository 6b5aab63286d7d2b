import { type Unknown, unknown } from '../../hosts/reading.ts';
import { isObject } from '../../plain-object.ts';
import { refusalOf } from './client.ts';
import { type Answer, NoAnswer } from './exchange.ts';
import { type ListedObject, metadataAs } from './list.ts';
import type { Wire } from './wire.ts';

export interface WatchOptions {
  /** Of the list it goes on from, or of the last event seen. */
  readonly resourceVersion: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Only each object's metadata is sent. */
  readonly metadataOnly?: boolean;
  /** A stream that is silent for longer is ended: 150 s. */
  readonly silentMs?: number;
  /** The server has begun to answer: from here on it is seen. */
  readonly onOpen?: () => void;
  readonly signal: AbortSignal;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: ListedObject;
}

/**
 * How a watch ended. `over`: go on from the last resourceVersion: it ended by itself, its connection was lost, or it was silent too
 * long; `why` where it did not even begin. `expired` (410): that version is too old, list anew. `refused`: the server said no, or
 * gave it up with an error: list anew too.
 */
export type WatchEnd =
  | { readonly kind: 'over'; readonly why?: Unknown }
  | { readonly kind: 'expired' }
  | { readonly kind: 'refused'; readonly why: Unknown };

export interface KubeWatcher {
  /** Streams the changes of a list until it ends; events are told one after the other, as they come. */
  watch(path: string, options: WatchOptions, onEvent: (event: WatchEvent) => void): Promise<WatchEnd>;
}

/**
 * Longer than the time between two bookmarks, which the server sends each minute wherever it has seen a change at all
 * (apiserver/pkg/storage/cacher/cacher.go, bookmarkFrequency). Where nothing ever changes, a watch that begins anew costs one request.
 */
const SILENT_MS = 150_000;

/** Seconds after which the server ends a watch, so that watches move to a server that came back: client-go's range (tools/cache/reflector.go). */
const SHORTEST_WATCH_S = 300;

/** What watches over a wire. */
export function watcherOn(wire: Wire): KubeWatcher {
  return {
    async watch(path, options, onEvent) {
      const { metadataOnly = false, silentMs = SILENT_MS } = options;
      const source = `watch ${path}`;
      let end: WatchEnd | undefined;
      let open = false;
      function onLine(line: string): boolean {
        const event = eventIn(line, source);
        if ('kind' in event) end = event;
        else onEvent(event);
        return end === undefined;
      }
      function onOpen(): void {
        open = true;
        options.onOpen?.();
      }
      const accept = metadataOnly ? { accept: metadataAs('PartialObjectMetadata') } : {};
      const question = { path: `${path}?${queryFor(options)}`, source, ...accept };
      const outcome = await wire.stream(question, { onOpen, onLine, silentMs, signal: options.signal });
      if (end !== undefined) return end;
      if (!outcome.known) return { kind: 'over', why: outcome };
      if (!(outcome.value instanceof NoAnswer)) return notBegun(outcome.value, source);
      return open
        ? { kind: 'over' }
        : { kind: 'over', why: unknown('failed', source, `${wire.server}: ${outcome.value.message}`) };
    },
  };
}

function queryFor({ resourceVersion, fieldSelector, labelSelector }: WatchOptions): URLSearchParams {
  const timeoutSeconds = String(Math.round(SHORTEST_WATCH_S * (1 + Math.random())));
  return new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion,
    timeoutSeconds,
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
  });
}

const GONE = 410;
const TYPES = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']);

/** An event, or the end: the server's ERROR, or a line that is no event, as a proxy may send one. What it hid a new list brings. */
function eventIn(line: string, source: string): WatchEvent | WatchEnd {
  const { type, object } = recordIn(line);
  if (typeof type !== 'string' || !isObject(object)) {
    return { kind: 'refused', why: unknown('failed', source, 'what came is no event') };
  }
  if (TYPES.has(type)) return { type: type as WatchEvent['type'], object };
  // An ERROR holds a Status object.
  const status = Number(object['code']);
  if (status === GONE) return { kind: 'expired' };
  return { kind: 'refused', why: refusalOf({ status, text: JSON.stringify(object) }, source) };
}

function recordIn(line: string): ListedObject {
  try {
    const record: unknown = JSON.parse(line);
    return isObject(record) ? record : {};
  } catch {
    return {};
  }
}

function notBegun(answer: Answer, source: string): WatchEnd {
  if (answer.status === GONE) return { kind: 'expired' };
  const why = refusalOf(answer, source);
  return { kind: answer.status === 429 || answer.status >= 500 ? 'over' : 'refused', why };
}
