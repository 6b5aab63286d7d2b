import { ArchiveError, quotedName } from './trouble.ts';

const MIB = 1024 * 1024;

/** What reading an archive may cost, whatever it claims to hold. Nothing of it is ever written to a disk. */
export const LIMITS = {
  /** Members, read or not. */
  members: 500_000,
  /** Bytes of one member that is read. */
  member: 128 * MIB,
  /** Bytes of all members that are kept at once. */
  kept: 256 * MIB,
  /** Bytes that come out of a compressed stream, those skipped included. */
  expanded: 16 * 1024 * MIB,
  /**
   * How many bytes may come out of one that goes in, counted once `ratioFrom` came out. Text as nodes hold it shrinks to a
   * tenth, repetitive logs to a hundredth; deflate reaches 1,032, and only for one byte repeated.
   */
  ratio: 250,
  ratioFrom: 64 * MIB,
} as const;

/** Bytes in, bytes out: throws where a stream expands as no log does. */
export function refuseBomb(packed: number, expanded: number): void {
  if (expanded > LIMITS.expanded) throw new ArchiveError(`more than ${LIMITS.expanded / MIB} MiB when unpacked`);
  if (expanded > LIMITS.ratioFrom && expanded > packed * LIMITS.ratio) {
    throw new ArchiveError(`${Math.round(expanded / MIB)} MiB came out of ${packed} bytes: not unpacked any further`);
  }
}

/**
 * A name inside an archive, checked: it is never used as a path here, yet one that leads out of its folder was made to be
 * unpacked to somebody's harm, and so nothing in that archive is believed.
 */
export function checkedName(name: string): string {
  const parts = name.split('/');
  if (name === '' || name.includes('\0') || name.length > 4096)
    throw new ArchiveError('a member without a usable name');
  if (
    name.startsWith('/') ||
    parts.includes('..') ||
    /^[A-Za-z]:[\\/]/.test(name) ||
    /(?:^|\\)\.\.(?:\\|$)/.test(name)
  ) {
    throw new ArchiveError(`${quotedName(name)} would be unpacked outside its folder`);
  }
  return parts.filter((part) => part !== '' && part !== '.').join('/');
}
