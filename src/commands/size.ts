import { UsageError } from './usage.ts';

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** Reads a size such as 64M (binary units), from one kibibyte up to `most` bytes. */
export function byteCount(option: string, value: string, most: number): number {
  const [, digits, unit = ''] = /^([0-9]{1,12})([KMG]?)i?B?$/i.exec(value) ?? [];
  const bytes = digits === undefined ? Number.NaN : Number(digits) * (UNITS[unit.toUpperCase()] ?? 1);
  if (bytes >= 1024 && bytes <= most) return bytes;
  throw new UsageError(`${option} ${value}: expected a size from 1K to ${Math.floor(most / 1024 ** 2)}M`);
}
