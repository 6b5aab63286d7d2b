import { closeSync, mkdirSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { codeOf } from '../../hosts/system-errors.ts';
import type { Bpf, MapShape } from './bpf.ts';
import { CONFIG, HELD, LAYOUT, SEEN, TOLD } from './layout.ts';

/** The maps a hold lives in, as file descriptors, and their places on a bpf file system. */

const SHAPES = {
  config: { type: 'array', keyBytes: 4, valueBytes: CONFIG.bytes, entries: 1 },
  held: { type: 'hash', keyBytes: HELD.key, valueBytes: HELD.bytes, entries: HELD.entries },
  seen: { type: 'hash', keyBytes: SEEN.key, valueBytes: SEEN.bytes, entries: SEEN.entries },
  /** Written by the guard alone, so that the next one knows what was told. */
  told: { type: 'hash', keyBytes: SEEN.key, valueBytes: TOLD.bytes, entries: SEEN.entries },
  generation: { type: 'array', keyBytes: 4, valueBytes: 8, entries: 1 },
} as const satisfies Readonly<Record<string, MapShape>>;

type MapName = keyof typeof SHAPES;
export type Maps = Readonly<Record<MapName, number>>;
const NAMES = Object.keys(SHAPES) as MapName[];

/** The one key of the array maps. */
export const ONLY = Buffer.alloc(4);

const FOLDER = `maps-${LAYOUT}`;

export function linkPin(pins: string): string {
  return `${pins}/link`;
}

function mapPin(pins: string, name: MapName): string {
  return `${pins}/${FOLDER}/${name}`;
}

/** Throws a BpfError. */
export function createMaps(bpf: Bpf): Maps {
  return gather((name) => bpf.createMap(`hayward_${name}`.slice(0, 15), SHAPES[name]));
}

/** The maps that an earlier guard pinned; undefined unless all of them are there in this layout. Throws a BpfError. */
export function pinnedMaps(bpf: Bpf, pins: string): Maps | undefined {
  const found: Partial<Record<MapName, number>> = {};
  for (const name of NAMES) {
    const descriptor = bpf.pinned(mapPin(pins, name));
    if (descriptor !== undefined) found[name] = descriptor;
    if (descriptor === undefined || !sameShape(bpf.shapeOf(descriptor), SHAPES[name])) {
      closeMaps(found);
      return undefined;
    }
  }
  return found as Maps;
}

function sameShape(found: MapShape | undefined, wanted: MapShape): boolean {
  return (Object.keys(wanted) as (keyof MapShape)[]).every((field) => found?.[field] === wanted[field]);
}

/** In place of what this layout had there. Throws a BpfError or a system error. */
export function pinMaps(bpf: Bpf, pins: string, maps: Maps): void {
  mkdirSync(`${pins}/${FOLDER}`, { recursive: true });
  for (const name of NAMES) {
    removeIfThere(() => unlinkSync(mapPin(pins, name)));
    bpf.pin(maps[name], mapPin(pins, name));
  }
}

/** Takes away the pinned maps of other layouts; with `all`, every one. Throws a system error. */
export function unpinMaps(pins: string, which: 'others' | 'all'): void {
  for (const folder of namesIn(pins).filter((name) => /^maps-\d+$/.test(name))) {
    if (which === 'others' && folder === FOLDER) continue;
    for (const name of namesIn(`${pins}/${folder}`)) unlinkSync(`${pins}/${folder}/${name}`);
    rmdirSync(`${pins}/${folder}`);
  }
}

export function closeMaps(maps: Partial<Maps>): void {
  for (const descriptor of Object.values(maps)) closeSync(descriptor);
}

function gather(descriptorOf: (name: MapName) => number): Maps {
  const made: Partial<Record<MapName, number>> = {};
  try {
    for (const name of NAMES) made[name] = descriptorOf(name);
  } catch (error) {
    closeMaps(made);
    throw error;
  }
  return made as Maps;
}

export function namesIn(directory: string): readonly string[] {
  return removeIfThere(() => readdirSync(directory)) ?? [];
}

/** undefined where what is acted on is not there. */
export function removeIfThere<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
