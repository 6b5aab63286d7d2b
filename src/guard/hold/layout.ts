/**
 * The bytes that the program and this side of the kernel share: keys and values of the maps, little-endian. Whoever
 * changes one raises `LAYOUT`: pinned maps of another layout are replaced, not read.
 */

export const LAYOUT = 1;

/** The longest is net/ipv6/conf/IFACE/ignore_routes_with_linkdown: 59 bytes with an interface name of 15. */
export const NAME_BYTES = 80;
/** A written value; with its NUL, so 63 bytes of text. */
export const VALUE_BYTES = 64;
export const COMM_BYTES = 16;

/** Settings by each of their names. */
export const HELD = {
  key: NAME_BYTES,
  own: 0,
  /** The wanted text and newlines up to the end. */
  replacement: NAME_BYTES,
  number: NAME_BYTES + VALUE_BYTES,
  length: NAME_BYTES + VALUE_BYTES + 8,
  flags: NAME_BYTES + VALUE_BYTES + 12,
  bytes: NAME_BYTES + VALUE_BYTES + 16,
  entries: 1024,
} as const;
export const HELD_FLAGS = {
  /** Compared as a number, so that 0x1 and 01 are 1. */
  number: 1,
  /** Only counted. */
  watched: 2,
  /** A write at a far file position has no effect. */
  ignorable: 4,
} as const;

/** What the program goes by. */
export const CONFIG = { beat: 0, netns: 8, guard: 12, flags: 16, zero: 20, bytes: 24 } as const;
export const CONFIG_FLAGS = {
  hold: 1,
  /** This kernel takes what bpf_sysctl_set_new_value gives it. */
  replaces: 2,
} as const;

/** Writes seen, by setting, writer and answer. */
export const SEEN = {
  own: 0,
  comm: NAME_BYTES,
  cgroup: NAME_BYTES + COMM_BYTES,
  answer: NAME_BYTES + COMM_BYTES + 8,
  key: NAME_BYTES + COMM_BYTES + 16,
  count: 0,
  /** CLOCK_MONOTONIC in nanoseconds: the row's first and last write. */
  born: 8,
  last: 16,
  pid: 24,
  length: 28,
  written: 32,
  bytes: 32 + VALUE_BYTES,
  entries: 2048,
} as const;

/** How much of a row of `seen` was told, and which row: one that was removed and came back counts from nothing. */
export const TOLD = { count: 0, born: 8, bytes: 16 } as const;

/** In the order of their numbers. */
export const ANSWERS = ['held', 'same', 'observed', 'length', 'offset'] as const;
export type Answer = (typeof ANSWERS)[number];

/** A name as the maps have it: NUL to the end. undefined: too long. */
export function nameBytes(name: string): Buffer | undefined {
  if (Buffer.byteLength(name) >= NAME_BYTES) return undefined;
  const bytes = Buffer.alloc(NAME_BYTES);
  bytes.write(name);
  return bytes;
}

/** Text up to its NUL. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end === -1 ? bytes : bytes.subarray(0, end)).toString();
}

export interface HeldEntry {
  /** The demand's own key, in slashes. */
  readonly own: string;
  readonly value: string;
  readonly watched: boolean;
  readonly ignorable: boolean;
}

const NUMBER = /^-?(0|[1-9]\d{0,18})$/;

/** The caller has seen to it that name and value fit. */
export function heldBytes(entry: HeldEntry): Buffer {
  const bytes = Buffer.alloc(HELD.bytes);
  const isNumber = NUMBER.test(entry.value);
  bytes.write(entry.own, HELD.own);
  bytes.fill('\n', HELD.replacement, HELD.replacement + VALUE_BYTES);
  bytes.write(entry.value, HELD.replacement);
  if (isNumber) bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(entry.value)), HELD.number);
  bytes.writeUInt32LE(Buffer.byteLength(entry.value), HELD.length);
  const { number, watched, ignorable } = HELD_FLAGS;
  const flags = (isNumber ? number : 0) | (entry.watched ? watched : 0) | (entry.ignorable ? ignorable : 0);
  bytes.writeUInt32LE(flags, HELD.flags);
  return bytes;
}

export function readHeld(bytes: Buffer): HeldEntry {
  const flags = bytes.readUInt32LE(HELD.flags);
  const length = Math.min(bytes.readUInt32LE(HELD.length), VALUE_BYTES);
  return {
    own: textOf(bytes.subarray(HELD.own, NAME_BYTES)),
    value: bytes.toString('utf8', HELD.replacement, HELD.replacement + length),
    watched: (flags & HELD_FLAGS.watched) !== 0,
    ignorable: (flags & HELD_FLAGS.ignorable) !== 0,
  };
}

export interface Config {
  /** CLOCK_MONOTONIC in nanoseconds. */
  readonly beat: bigint;
  /** Inode number of the guarded network namespace. */
  readonly netns: number;
  /** The guard's process in the first process namespace: it is neither answered nor counted. */
  readonly guard: number;
  readonly hold: boolean;
  readonly replaces: boolean;
}

export function configBytes(config: Config): Buffer {
  const bytes = Buffer.alloc(CONFIG.bytes);
  bytes.writeBigUInt64LE(config.beat, CONFIG.beat);
  bytes.writeUInt32LE(config.netns, CONFIG.netns);
  bytes.writeUInt32LE(config.guard, CONFIG.guard);
  const flags = (config.hold ? CONFIG_FLAGS.hold : 0) | (config.replaces ? CONFIG_FLAGS.replaces : 0);
  bytes.writeUInt32LE(flags, CONFIG.flags);
  return bytes;
}

export function readConfig(bytes: Buffer): Config {
  const flags = bytes.readUInt32LE(CONFIG.flags);
  return {
    beat: bytes.readBigUInt64LE(CONFIG.beat),
    netns: bytes.readUInt32LE(CONFIG.netns),
    guard: bytes.readUInt32LE(CONFIG.guard),
    hold: (flags & CONFIG_FLAGS.hold) !== 0,
    replaces: (flags & CONFIG_FLAGS.replaces) !== 0,
  };
}
