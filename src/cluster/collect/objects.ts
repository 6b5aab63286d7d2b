import { known, type Reading, unknown } from '../../hosts/reading.ts';
import { isObject } from '../../plain-object.ts';
import type { ListedObject } from '../client/list.ts';

/**
 * What an API object says, taken piece by piece: a server is not trusted to send what its schema promises, and a piece that is
 * missing or of another type is empty, as Kubernetes leaves out what is empty.
 */
export interface Piece {
  readonly value: unknown;
  at(...path: readonly string[]): Piece;
  /** Empty when it is no text. */
  text(...path: readonly string[]): string;
  /** `fallback` when it is no number. */
  number(path: readonly string[], fallback?: number): number;
  /** The objects of a list. */
  list(...path: readonly string[]): Piece[];
  /** The texts of a list. */
  texts(...path: readonly string[]): string[];
  /** The texts of a map, e.g. of labels. */
  map(...path: readonly string[]): Readonly<Record<string, string>>;
}

/** Wraps an object, a list or nothing. */
export function pieceOf(value: ListedObject | unknown): Piece {
  const at = (path: readonly string[]): unknown =>
    path.reduce<unknown>(
      (inner, key) => (isObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
      value,
    );
  const list = (path: readonly string[]): unknown[] => {
    const inner = at(path);
    return Array.isArray(inner) ? inner : [];
  };
  return {
    value,
    at: (...path) => pieceOf(at(path)),
    text(...path) {
      const inner = at(path);
      return typeof inner === 'string' ? inner : '';
    },
    number(path, fallback = 0) {
      const inner = at(path);
      return typeof inner === 'number' ? inner : fallback;
    },
    list: (...path) => list(path).filter(isObject).map(pieceOf),
    texts: (...path) => list(path).filter((one) => typeof one === 'string'),
    map(...path) {
      const inner = at(path);
      const entries = isObject(inner) ? Object.entries(inner) : [];
      return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
    },
  };
}

/**
 * An answer as an object of one kind. What is of another (a page of a proxy that happens to be JSON, a server that lies) is failed:
 * what is missing in it would look like an object that lacks everything.
 */
export function objectOf(answer: Reading<unknown>, kind: string): Reading<Piece> {
  if (!answer.known) return answer;
  const object = pieceOf(answer.value);
  if (object.text('kind') === kind && object.text('metadata', 'name') !== '') return known(object, answer.source);
  return unknown('failed', answer.source, `the answer is no ${kind}`);
}

/** `namespace/name`. */
export function nameOf(object: Piece): { readonly namespace: string; readonly name: string } {
  return { namespace: object.text('metadata', 'namespace'), name: object.text('metadata', 'name') };
}
