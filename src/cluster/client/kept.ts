import type { ListedObject } from './list.ts';
import type { WatchEvent } from './watch.ts';

/** `key` is `namespace/name`, or `name` of what has no namespace. */
export type InformerEvent<T> =
  | { readonly kind: 'set'; readonly key: string; readonly value: T; readonly before: T | undefined }
  | { readonly kind: 'removed'; readonly key: string; readonly before: T };

/** An object as it is kept: what its reader took. */
export interface Seen<T> {
  readonly key: string;
  readonly version: string;
  readonly value: T | undefined;
}

/** The objects that are there, by lists and events. */
export interface Kept<T> {
  readonly items: ReadonlyMap<string, T>;
  seen(object: ListedObject): Seen<T>;
  /** All there is: what is not among them is gone. */
  replace(all: readonly Seen<T>[]): void;
  take(event: WatchEvent): void;
}

/** Keeps what `read` returns of each object, and tells of each change after it is made. */
export function keep<T>(
  read: (object: ListedObject) => T | undefined,
  onChange: (event: InformerEvent<T>) => void,
): Kept<T> {
  const items = new Map<string, T>();
  const versions = new Map<string, string>();

  function seen(object: ListedObject): Seen<T> {
    return { key: keyOf(object), version: versionOf(object), value: read(object) };
  }
  function update({ key, version, value }: Seen<T>): void {
    if (value === undefined) remove(key);
    else set(key, version, value);
  }
  function set(key: string, version: string, value: T): void {
    // A list finds most objects as they were; a version says nothing where there is none.
    if (version !== '' && versions.get(key) === version) return;
    const before = items.get(key);
    items.set(key, value);
    versions.set(key, version);
    onChange({ kind: 'set', key, value, before });
  }
  function remove(key: string): void {
    const before = items.get(key);
    versions.delete(key);
    if (before === undefined) return;
    items.delete(key);
    onChange({ kind: 'removed', key, before });
  }
  return {
    items,
    seen,
    replace(all) {
      const there = new Set(all.map(({ key }) => key));
      for (const key of [...items.keys()]) if (!there.has(key)) remove(key);
      for (const one of all) update(one);
    },
    take({ type, object }) {
      if (type === 'BOOKMARK') return;
      if (type === 'DELETED') remove(keyOf(object));
      else update(seen(object));
    },
  };
}

/** The resourceVersion an object was sent with; '' where it has none. */
export function versionOf(object: ListedObject): string {
  return field(object, 'resourceVersion');
}

function keyOf(object: ListedObject): string {
  const namespace = field(object, 'namespace');
  const name = field(object, 'name');
  return namespace === '' ? name : `${namespace}/${name}`;
}

function field(object: ListedObject, name: string): string {
  const metadata = object['metadata'] as ListedObject | null | undefined;
  const value = metadata?.[name];
  return typeof value === 'string' ? value : '';
}
