import { UsageError } from './usage.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of an option's `90s`, `10m`, `1h`; a number alone is seconds. */
export function milliseconds(option: string, value: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(value.trim()) ?? [];
  if (number === undefined) throw new UsageError(`${option} ${value}: expected a duration like 90s, 10m or 1h`);
  return Number(number) * (UNITS[unit] ?? 1000);
}
