import { isObject } from '../plain-object.ts';
import type { ListedObject } from './client/list.ts';

/** Reads an object's fields without believing them: undefined for what is not there or of another type. */
export function objectAt(value: unknown, ...path: readonly string[]): Readonly<Record<string, unknown>> | undefined {
  let at: unknown = value;
  for (const field of path) at = isObject(at) ? at[field] : undefined;
  return isObject(at) ? at : undefined;
}

export function textAt(value: unknown, field: string): string | undefined {
  const at = isObject(value) ? value[field] : undefined;
  return typeof at === 'string' ? at : undefined;
}

export function numberAt(value: unknown, field: string): number | undefined {
  const at = isObject(value) ? value[field] : undefined;
  return typeof at === 'number' && Number.isFinite(at) ? at : undefined;
}

export function listAt(value: unknown, field: string): readonly unknown[] {
  const at = isObject(value) ? value[field] : undefined;
  return Array.isArray(at) ? (at as unknown[]) : [];
}

/** Who an object is; undefined for one that is on its way out, which counts as gone. */
export function identityOf(object: ListedObject): Identity | undefined {
  const metadata = objectAt(object, 'metadata');
  const name = textAt(metadata, 'name');
  const uid = textAt(metadata, 'uid');
  if (name === undefined || uid === undefined || textAt(metadata, 'deletionTimestamp') !== undefined) return undefined;
  return {
    name,
    namespace: textAt(metadata, 'namespace') ?? '',
    uid,
    generation: numberAt(metadata, 'generation') ?? 0,
    resourceVersion: textAt(metadata, 'resourceVersion') ?? '',
  };
}

export interface Identity {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly generation: number;
  readonly resourceVersion: string;
}

/** Whether a resourceVersion is later than another of the same kind: they are etcd's revisions, whole numbers (KEP-5504). */
export function isLater(version: string, than: string): boolean {
  return version.length === than.length ? version > than : version.length > than.length;
}
