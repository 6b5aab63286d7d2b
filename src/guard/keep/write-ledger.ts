import type { SeenWrites } from '../hold/hold.ts';
import type { EventOf, Writer } from '../model.ts';
import type { Moment } from '../moment.ts';

/**
 * Tells of writes to one key as often as people can read: the first of a writer at once, later ones summed up every ten
 * seconds. Somebody who writes ten thousand times a second makes six lines a minute, and every write is in their sum.
 */
export interface WriteLedger {
  /** Notes writes of one writer; returns what is to be told now. */
  note(seen: SeenWrites, now: Moment): readonly WriteEvent[];
  /** What has become due; with `all` everything that was not told yet. */
  due(now: Moment, all?: 'all'): readonly WriteEvent[];
}

export type WriteEvent = EventOf<'held'> | EventOf<'let-through'>;

const EVERY_MS = 10_000;

const WHY: Readonly<Record<Exclude<SeenWrites['answer'], 'held' | 'same'>, string>> = {
  observed: 'writes are only observed',
  length: 'what was written is too short for the wanted value',
  offset: 'it was not written from the beginning of the file',
};

interface Entry {
  last: SeenWrites;
  times: number;
  nextMs: number;
}

/** @param key the key as events name it. */
export function writeLedger(key: string): WriteLedger {
  const entries = new Map<string, Entry>();

  function tell(entry: Entry, now: Moment): WriteEvent {
    const { last, times } = entry;
    entry.times = 0;
    entry.nextMs = now.ms + EVERY_MS;
    const what = { at: now.at.toISOString(), key, written: last.written, writer: last.writer, times };
    return last.answer === 'held' || last.answer === 'same'
      ? { type: 'held', ...what }
      : { type: 'let-through', ...what, why: WHY[last.answer] };
  }

  return {
    note(seen, now) {
      const name = `${seen.answer} ${writerName(seen.writer)}`;
      const entry = entries.get(name) ?? { last: seen, times: 0, nextMs: now.ms };
      entries.set(name, entry);
      entry.last = seen;
      entry.times += seen.times;
      return now.ms >= entry.nextMs ? [tell(entry, now)] : [];
    },
    due(now, all) {
      if (entries.size === 0) return [];
      const told: WriteEvent[] = [];
      for (const [name, entry] of entries) {
        if (now.ms < entry.nextMs && all === undefined) continue;
        if (entry.times > 0) told.push(tell(entry, now));
        else entries.delete(name);
      }
      return told;
    },
  };
}

/** A writer as people name it, without what changes at each run: `sysctl (/system.slice/rke2-server.service)`. */
export function writerName({ comm, cgroup }: Writer): string {
  return `${comm} (${cgroup})`;
}
