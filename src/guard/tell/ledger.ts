import type { GuardEvent, Writer } from '../model.ts';

/** Upper bounds of the repair latency's buckets, in seconds. */
export const LATENCY_BOUNDS = [0.01, 0.05, 0.1, 0.2, 0.5, 1, 5, 60] as const;

/** A counter's labels, in the order they are printed. */
export type Labels = Readonly<Record<string, string>>;

export interface Counted {
  readonly labels: Labels;
  readonly count: number;
}

export interface Latencies {
  /** How many were within each of LATENCY_BOUNDS, each bound including the smaller ones. */
  readonly within: readonly number[];
  readonly count: number;
  readonly sumSeconds: number;
}

/** What the guard has done since it started, counted from its events. */
export interface Ledger {
  note(event: GuardEvent): void;
  readonly drifts: () => readonly Counted[];
  readonly repairs: () => readonly Counted[];
  readonly held: () => readonly Counted[];
  readonly letThrough: () => readonly Counted[];
  readonly latencies: () => Latencies;
  readonly reclaimedLeases: () => number;
  /** The last events, newest first. */
  readonly recent: () => readonly GuardEvent[];
}

/** A writer chooses its own name (prctl(2), PR_SET_NAME): the number of series must not be for it to choose. */
const MOST_SERIES = 200;
const MOST_RECENT = 20;
/** Every write is one, so that they would push out what matters. */
const COUNTED_ONLY: ReadonlySet<GuardEvent['type']> = new Set(['held', 'let-through']);

export function newLedger(): Ledger {
  const drifts = counter();
  const repairs = counter();
  const held = counter();
  const letThrough = counter();
  const latencies = { within: LATENCY_BOUNDS.map(() => 0), count: 0, sumSeconds: 0 };
  let leases = 0;
  const recent: GuardEvent[] = [];

  function took(milliseconds: number): void {
    const seconds = milliseconds / 1000;
    LATENCY_BOUNDS.forEach((bound, at) => {
      if (seconds <= bound) latencies.within[at] = (latencies.within[at] ?? 0) + 1;
    });
    latencies.count += 1;
    latencies.sumSeconds += seconds;
  }

  function count(event: GuardEvent): void {
    if (event.type === 'drift') drifts.add({ key: event.key, ...labelsOf(event.writer) }, 1);
    if (event.type === 'repaired') {
      took(event.latencyMs);
      repairs.add({ key: event.key, result: 'repaired' }, 1);
    }
    if (event.type === 'repair-failed') repairs.add({ key: event.key, result: 'failed' }, 1);
    if (event.type === 'held') held.add({ key: event.key, ...labelsOf(event.writer) }, event.times);
    if (event.type === 'let-through') {
      letThrough.add({ key: event.key, ...labelsOf(event.writer), why: event.why }, event.times);
    }
    if (event.type === 'leases-reclaimed') leases += event.addresses.length;
  }

  return {
    note(event) {
      count(event);
      const last = recent[0];
      // One line for a writer that keeps on, with the latest of its writes.
      if (last && COUNTED_ONLY.has(event.type) && last.type === event.type && sameWrites(last, event)) recent.shift();
      recent.unshift(event);
      recent.length = Math.min(recent.length, MOST_RECENT);
    },
    drifts: drifts.all,
    repairs: repairs.all,
    held: held.all,
    letThrough: letThrough.all,
    latencies: () => latencies,
    reclaimedLeases: () => leases,
    recent: () => recent,
  };
}

function sameWrites(one: GuardEvent, other: GuardEvent): boolean {
  if (!('writer' in one && 'writer' in other)) return false;
  return (
    one.key === other.key && one.writer?.comm === other.writer?.comm && one.writer?.cgroup === other.writer?.cgroup
  );
}

function labelsOf(writer: Writer | null): Labels {
  return { comm: writer?.comm ?? 'unknown', cgroup: writer?.cgroup ?? 'unknown' };
}

function counter(): { add(labels: Labels, by: number): void; all(): readonly Counted[] } {
  const series = new Map<string, { labels: Labels; count: number }>();
  return {
    add(labels, by) {
      const full = series.size >= MOST_SERIES && !series.has(JSON.stringify(labels));
      const own = full && 'comm' in labels ? { ...labels, comm: 'other', cgroup: 'other' } : labels;
      const name = JSON.stringify(own);
      const found = series.get(name) ?? { labels: own, count: 0 };
      found.count += by;
      series.set(name, found);
    },
    all: () => [...series.values()],
  };
}
