import { closeSync, existsSync, mkdirSync, openSync, unlinkSync } from 'node:fs';
import type { Bpf } from './bpf.ts';
import { inodeOf } from './cgroups.ts';
import type { HoldOptions } from './hold.ts';
import { CONFIG, type Config, readConfig } from './layout.ts';
import {
  closeMaps,
  createMaps,
  linkPin,
  type Maps,
  ONLY,
  pinMaps,
  pinnedMaps,
  removeIfThere,
  unpinMaps,
} from './maps.ts';
import { buildProgram, type KernelOffsets } from './program.ts';

export interface Attachment {
  readonly maps: Maps;
  /** What an earlier guard left in the same maps. */
  readonly before: Config | undefined;
  /**
   * Puts our program in the place of one whose maps have another layout, once ours are filled. A second call does
   * nothing. Throws a BpfError or a system error.
   */
  finish(): void;
  /** Whether the link still leads from this cgroup to a program that answers for us. */
  standing(): boolean;
  /** Whether the link's pin is there still, or there never was one. */
  pinned(): boolean;
  /** What is pinned stays attached. */
  close(): void;
}

type Place = Pick<HoldOptions, 'cgroup'> & { readonly pins?: string | undefined };

/** Attaches, or takes over. Throws a BpfError or a system error; then nothing is changed that answers writes. */
export function attach(bpf: Bpf, offsets: KernelOffsets, { cgroup, pins }: Place): Attachment {
  const directory = openSync(cgroup, 'r');
  let [maps, link]: [Maps | undefined, number | undefined] = [undefined, undefined];
  let program: number | undefined;
  function close(): void {
    if (maps !== undefined) closeMaps(maps);
    for (const descriptor of [link, program, directory]) if (descriptor !== undefined) closeSync(descriptor);
  }
  try {
    link = pins === undefined ? undefined : pinnedLink(bpf, pins, cgroup);
    maps = link === undefined || pins === undefined ? undefined : pinnedMaps(bpf, pins);
    const left = maps && bpf.lookup(maps.config, ONLY, CONFIG.bytes);
    const deferred = link !== undefined && maps === undefined;
    maps ??= createMaps(bpf);
    program = bpf.load('hayward_hold', buildProgram(maps, offsets));
    if (link === undefined) link = attachNew(bpf, { program, directory, maps, pins });
    else if (!deferred) bpf.replace(link, program);
    const kept = { maps, program, link };
    return { ...watch(bpf, kept, { cgroup, pins }, deferred), before: left && readConfig(left), close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Where it is pinned and leads from this cgroup; else what is pinned there is taken away. */
function pinnedLink(bpf: Bpf, pins: string, cgroup: string): number | undefined {
  const link = bpf.pinned(linkPin(pins));
  if (link === undefined) return undefined;
  const info = bpf.linkInfo(link);
  if (info !== undefined && info.cgroup === inodeOf(cgroup)) return link;
  unlinkSync(linkPin(pins));
  closeSync(link);
  return undefined;
}

interface New {
  readonly program: number;
  /** The cgroup. */
  readonly directory: number;
  readonly maps: Maps;
  readonly pins: string | undefined;
}

/** The link is pinned last: a guard that ends before that, or is refused, has nothing attached and nothing pinned. */
function attachNew(bpf: Bpf, { program, directory, maps, pins }: New): number {
  const link = bpf.link(program, directory);
  if (pins === undefined) return link;
  try {
    mkdirSync(pins, { recursive: true, mode: 0o700 });
    unpinMaps(pins, 'all');
    pinMaps(bpf, pins, maps);
    bpf.pin(link, linkPin(pins));
    return link;
  } catch (error) {
    closeSync(link);
    unpinMaps(pins, 'all');
    throw error;
  }
}

interface Kept {
  readonly maps: Maps;
  readonly program: number;
  readonly link: number;
}

function watch(bpf: Bpf, { maps, program, link }: Kept, { cgroup, pins }: Place, deferred: boolean) {
  const inode = inodeOf(cgroup);
  let finished = !deferred;
  return {
    maps,
    finish(): void {
      if (finished || pins === undefined) return;
      pinMaps(bpf, pins, maps);
      bpf.replace(link, program);
      finished = true;
      unpinMaps(pins, 'others');
    },
    pinned: () => pins === undefined || existsSync(linkPin(pins)),
    standing(): boolean {
      const info = bpf.linkInfo(link);
      // The kernel detaches from a cgroup that is gone, but some time later.
      if (info === undefined || info.cgroup !== inode || inodeOf(cgroup) !== inode) return false;
      return !finished || info.program === bpf.programId(program);
    },
  };
}

/** Takes away every pin below; detaches the link first, whoever else has it open. Whether anything was there. */
export function detachPinned(bpf: Bpf, pins: string): boolean {
  const link = bpf.pinned(linkPin(pins));
  if (link !== undefined) {
    try {
      // Kernels before 5.9 cannot: there it ends with the last process that has it open.
      if (bpf.linkInfo(link)?.cgroup !== 0n) bpf.detach(link);
    } finally {
      closeSync(link);
      removeIfThere(() => unlinkSync(linkPin(pins)));
    }
  }
  return link !== undefined;
}
