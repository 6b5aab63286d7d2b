import { isObject } from '../plain-object.ts';
import { type Condition, type Memory, NO_MEMORY } from './memory.ts';
import type { Boot } from './reboots.ts';
import type { Counts, Interval } from './webhook-calls.ts';

/** Of conditions those that are or were bad last, of nodes those by name: a file stays below a megabyte. */
const MOST_CONDITIONS = 1000;
const MOST_BOOTS = 3000;
const MOST_WEBHOOKS = 500;
const LONGEST_KEY = 400;

/** The shape of the text; another is not read. */
const VERSION = 1;

/** A memory as text. What was never bad need not be remembered: a look that finds it good says as much. */
export function memoryText({ conditions, looks, boots, calls }: Memory): string {
  const kept = Object.entries(conditions)
    .filter(([key, { lastBad }]) => lastBad !== '' && key.length <= LONGEST_KEY)
    .sort(([, a], [, b]) => b.lastBad.localeCompare(a.lastBad))
    .slice(0, MOST_CONDITIONS);
  const memory = {
    version: VERSION,
    conditions: Object.fromEntries(kept),
    looks,
    boots: first(boots, MOST_BOOTS),
    calls: first(calls, MOST_WEBHOOKS),
  };
  return `${JSON.stringify(memory)}\n`;
}

function first<T>(entries: Readonly<Record<string, T>>, most: number): Readonly<Record<string, T>> {
  return Object.fromEntries(
    Object.entries(entries)
      .filter(([key]) => key.length <= LONGEST_KEY)
      .slice(0, most),
  );
}

/** Reads a memory. What is none (torn, of another version, changed by hand) is no memory, or a smaller one; never an error. */
export function memoryFrom(text: string): Memory {
  const read = parsed(text);
  if (!isObject(read) || read['version'] !== VERSION) return NO_MEMORY;
  const { looks } = read;
  if (!isTimes(looks)) return NO_MEMORY;
  return {
    conditions: entriesOf(read['conditions'], isCondition),
    looks,
    boots: entriesOf(read['boots'], isBoot),
    calls: entriesOf(read['calls'], isInterval),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function entriesOf<T>(value: unknown, is: (one: unknown) => one is T): Readonly<Record<string, T>> {
  if (!isObject(value)) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, T] => is(entry[1])));
}

const SEVERITIES: readonly unknown[] = ['critical', 'warning', 'info'];

function isCondition(value: unknown): value is Condition {
  if (!isObject(value) || typeof value['bad'] !== 'boolean') return false;
  const { badSince, lastBad, turned, turns, severity } = value;
  // Only what was bad is kept.
  return isTimes([badSince, lastBad, turned]) && isTimes(turns) && SEVERITIES.includes(severity);
}

function isBoot(value: unknown): value is Boot {
  return isObject(value) && typeof value['id'] === 'string' && isTimes(value['changes']);
}

function isInterval(value: unknown): value is Interval {
  return isObject(value) && isCounts(value['from']) && isCounts(value['to']);
}

function isCounts(value: unknown): value is Counts {
  return isObject(value) && [value['calls'], value['failed'], value['seconds']].every((one) => Number.isFinite(one));
}

function isTimes(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string' && !Number.isNaN(Date.parse(one)));
}
