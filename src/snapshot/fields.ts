import { isObject } from '../plain-object.ts';
/** A parsed object of unknown shape, with the place it stands at for error messages. */
export interface Fields {
  readonly at: string;
  readonly object: Readonly<Record<string, unknown>>;
}

/** What a value read as JSON or YAML is, for error messages. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Takes a value for an object, or throws with the place. */
export function fieldsOf(value: unknown, at: string): Fields {
  if (!isObject(value)) throw new Error(`${at}: expected an object, found ${kindOf(value)}`);
  return { at, object: value };
}

/** JSON text, or an error that says so. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/**
 * The list of objects `ip -j` prints. No output at all is an empty list (iproute2 prints nothing for an empty dump of
 * some kinds), and `{}` entries are what older releases print for entries they filtered out.
 */
export function ipObjects(text: string): readonly Fields[] {
  if (text.trim() === '') return [];
  const list = jsonOf(text);
  if (!Array.isArray(list)) throw new Error(`expected a list, found ${kindOf(list)}`);
  return list
    .map((entry: unknown, index) => fieldsOf(entry, `entry ${index + 1}`))
    .filter(({ object }) => Object.keys(object).length > 0);
}

/** A field that must be there as text. */
export function textAt({ at, object }: Fields, name: string): string {
  const value = object[name];
  if (typeof value !== 'string') throw new Error(`${at}: ${name} should be text, found ${kindOf(value)}`);
  return value;
}

/** A field that must be there as a number. */
export function numberAt({ at, object }: Fields, name: string): number {
  const value = object[name];
  if (typeof value !== 'number') throw new Error(`${at}: ${name} should be a number, found ${kindOf(value)}`);
  return value;
}

/** Text where the field is there and is text. */
export function textIn({ object }: Fields, name: string): string | undefined {
  const value = object[name];
  return typeof value === 'string' ? value : undefined;
}

/** A number where the field is there and is one. */
export function numberIn({ object }: Fields, name: string): number | undefined {
  const value = object[name];
  return typeof value === 'number' ? value : undefined;
}

/** iproute2 prints some switches as 0 and 1, others as booleans. */
export function switchIn({ object }: Fields, name: string): boolean {
  const value = object[name];
  return value === true || value === 1;
}

/** The strings of a list; anything else is left out. */
export function textsIn({ object }: Fields, name: string): readonly string[] {
  const value = object[name];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** A nested object, where there is one. */
export function objectIn({ at, object }: Fields, name: string): Fields | undefined {
  const value = object[name];
  return isObject(value) ? { at: `${at}, ${name}`, object: value } : undefined;
}

/** An object nested at any depth; an empty one where the way there ends. */
export function objectAt(from: Fields, ...names: readonly string[]): Fields {
  return names.reduce((outer, name) => objectIn(outer, name) ?? { at: `${outer.at}, ${name}`, object: {} }, from);
}

/** The objects of a nested list; what is not an object makes an error with its place. */
export function objectsIn({ at, object }: Fields, name: string): readonly Fields[] {
  const value = object[name];
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Error(`${at}: ${name} should be a list, found ${kindOf(value)}`);
  return value.map((item: unknown, index) => fieldsOf(item, `${at}, ${name} ${index + 1}`));
}
