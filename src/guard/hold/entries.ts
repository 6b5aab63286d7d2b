import type { SettingDemand } from '../demand.ts';
import { HELD, heldBytes, NAME_BYTES, nameBytes, VALUE_BYTES } from './layout.ts';
import { namesOf } from './names.ts';

export interface Entries {
  /** What is written into the map, by each name of a setting. */
  readonly entries: ReadonlyMap<string, Buffer>;
  readonly held: readonly string[];
  readonly refused: readonly { readonly key: string; readonly why: string }[];
}

export interface Means {
  /** Whether this kernel takes a replacement. */
  readonly replaces: boolean;
  mayBeIgnored(key: string, value: string): boolean;
}

/**
 * What is told to the program of each demand. One that it cannot serve is refused and polled, but its writers are
 * counted all the same, where its name fits.
 */
export function entriesFor(demands: readonly SettingDemand[], means: Means): Entries {
  const entries = new Map<string, Buffer>();
  const held: string[] = [];
  const refused: { key: string; why: string }[] = [];
  const byKey = new Map(demands.map((demand) => [demand.key, demand]));

  for (const { key, ...demand } of byKey.values()) {
    const names = namesOf(key);
    const place = noPlace(names, entries);
    if (place !== undefined) {
      refused.push({ key, why: place });
      continue;
    }
    const value = canonical(demand.value);
    const ignorable = means.mayBeIgnored(key, value);
    const why =
      unfit(value, demand) ?? contradiction(names, demands) ?? (means.replaces || ignorable ? undefined : MUTE);
    if (why === undefined) held.push(key);
    else refused.push({ key, why });
    const fitting = Buffer.byteLength(value) < VALUE_BYTES ? value : '';
    const bytes = heldBytes({ own: key, value: fitting, watched: why !== undefined, ignorable });
    // A demand for the other name speaks for itself.
    for (const name of names) if (name === key || !byKey.has(name)) entries.set(name, bytes);
  }
  return { entries, held, refused };
}

const MUTE =
  'this kernel ignores what a program puts in place of a write, and the setting minds one at a later position';

function canonical(value: string): string {
  return value.trim().replace(/\s+/g, ' ');
}

function unfit(value: string, { also, atLeast }: Pick<SettingDemand, 'also' | 'atLeast'>): string | undefined {
  if (also !== undefined && also.length > 0) return 'other values are as good';
  if (atLeast === true) return 'larger values are as good';
  const bytes = Buffer.byteLength(value);
  if (bytes === 0 || value.includes('\0')) return 'an empty value cannot be written';
  return bytes < VALUE_BYTES ? undefined : `its value has more than ${VALUE_BYTES - 1} bytes`;
}

function contradiction(names: readonly string[], demands: readonly SettingDemand[]): string | undefined {
  const same = demands.filter(({ key }) => names.includes(key));
  const values = new Set(same.map(({ value }) => canonical(value)));
  return values.size > 1 ? `wanted to be ${[...values].join(' and ')}` : undefined;
}

function noPlace(names: readonly string[], entries: ReadonlyMap<string, Buffer>): string | undefined {
  if (names.some((name) => nameBytes(name) === undefined)) return `its name has more than ${NAME_BYTES - 1} bytes`;
  return entries.size + names.length > HELD.entries ? `no more than ${HELD.entries} names can be held` : undefined;
}
