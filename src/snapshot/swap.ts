import type { Ask } from '../hosts/ask.ts';
import { mapReading, orWhenAbsent, type Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';

/** Swap space, by what it lies on: a device or a file. */
export interface Swap {
  readonly inUse: Reading<readonly string[]>;
  /** What fstab turns on at boot; zram and units of a distribution's own show once they are in use. */
  readonly atBoot: Reading<readonly string[]>;
}

/** A heading, then a line for each area (proc(5)). Absent: a kernel without swap. */
const IN_USE = { kind: 'file', path: '/proc/swaps' } as const satisfies Ask;
/** Only lines of swap travel, for fstab may hold a share's password; a comment starts with `#` (fstab(5)). */
const AT_BOOT = { kind: 'file', path: '/etc/fstab', keep: '^[^#]+[ \t]swap[ \t]' } as const satisfies Ask;

function firstWords(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => line.trim().split(/\s+/)[0] || []);
}

/** `noauto` is not turned on at boot. */
function entriesOf(text: string): readonly string[] {
  const lines = text.split('\n').filter((line) => !line.trim().split(/\s+/)[3]?.split(',').includes('noauto'));
  return firstWords(lines.join('\n'));
}

export const swap = subject<Swap>({
  asks: [IN_USE, AT_BOOT],
  parse: (view) => ({
    inUse: mapReading(orWhenAbsent(view.text(IN_USE.path), ''), (text) => firstWords(text).slice(1)),
    atBoot: mapReading(orWhenAbsent(view.text(AT_BOOT.path), ''), entriesOf),
  }),
});
