import type { Reading, Unknown, UnknownReason } from '../../hosts/reading.ts';
import { type Demand, demandKey, demandValue, isWanted } from '../demand.ts';
import type { SeenWrites } from '../hold/hold.ts';
import type { GuardEvent, Writer } from '../model.ts';
import type { Moment } from '../moment.ts';
import {
  afterAttempt,
  dueAt,
  FREE_PER_MINUTE,
  inFight,
  LONGEST_WAIT_MS,
  MINUTE_MS,
  QUIET_MS,
  RESTED,
  waitMs,
} from './pace.ts';
import { writeLedger, writerName } from './write-ledger.ts';

/** What is to be done about one key now. */
export type KeepAction =
  | { readonly do: 'nothing' }
  | { readonly do: 'repair'; readonly value: string }
  /** It is wrong, and the next attempt is due at `untilMs` (the clock of `Moment.ms`). */
  | { readonly do: 'wait'; readonly untilMs: number };

export type RepairOutcome = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** How one key stands. */
export interface KeptState {
  /** What it read last; null where it could not be read. */
  readonly value: string | null;
  /** Why it could not; absent where it could, or was not read yet. */
  readonly unreadable?: UnknownReason;
  readonly drifts: number;
  readonly repairs: number;
  readonly lastWriter: Writer | null;
  readonly lastDriftAt: string | null;
  readonly contested: boolean;
  /** Who rewrites it where it is contested, in order; empty where nobody was seen. */
  readonly writers: readonly string[];
  /** How long the next repair waits after the last one, in milliseconds. */
  readonly retryMs: number;
}

/** What holds for all keys at this moment. */
export interface Ruling {
  /** May anything be changed: not paused, not merely observing. */
  readonly acting: boolean;
  /** When acting began again; what was wrong before is not the repair's slowness. */
  readonly sinceMs: number;
}

export interface KeptKey {
  /** Judges what was read. After `repair` it answers nothing until `repaired` tells how that went. */
  look(reading: Reading<string>, now: Moment, ruling: Ruling): KeepAction;
  /** The value that was written; undefined where it was not. */
  repaired(outcome: RepairOutcome, now: Moment, ruling: Ruling): string | undefined;
  saw(seen: SeenWrites, now: Moment): void;
  /** The next look may read this, which then is the doing of our own repair of another key, or of a new plan. */
  expect(value: string, because: string): void;
  /** Another demand of the same thing. */
  replan(demand: Demand): void;
  /** Tells what was held back so that it does not flood. */
  flush(now: Moment): void;
  state(): KeptState;
}

interface Excursion {
  value: string;
  readonly firstMs: number;
  readonly writer: Writer | null;
  /** Whose doing it is where it is our own; then nobody drifted. */
  readonly because: string | undefined;
}

const NOTHING: KeepAction = { do: 'nothing' };
const MOST_WRITERS = 8;

/**
 * One thing that is kept: pure, the clock is passed in. Events go to `tell` in the order in which they happen.
 *
 * An excursion is the time from the first look that finds it wrong to the one that finds it right, whatever it reads
 * in between: one drift. What was wrong at the first look, or when the thing came into being, is a drift but nobody's
 * rewriting. More than five rewrites within a minute, seen by looking or by the hold, make it contested.
 */
export function keptKey(first: Demand, intervalMs: number, tell: (event: GuardEvent) => void): KeptKey {
  let demand = first;
  const key = demandKey(first);
  const ledger = writeLedger(key);
  let value: string | null = null;
  let unreadable: UnknownReason | null = null;
  let rightMs: number | undefined;
  /** It was seen right since it exists: only then can somebody have rewritten it. */
  let settled = false;
  let excursion: Excursion | undefined;
  let expected: { readonly value: string; readonly because: string } | undefined;
  /** What is being written; a new plan may want something else by the time it is. */
  let underRepair: string | undefined;
  let pace = RESTED;
  let disturbedMs = 0;
  let rewrites: { readonly ms: number; times: number }[] = [];
  const writers = new Set<string>();
  let contested = false;
  let longestTold = false;
  let unanswered: Writer | null = null;
  let lastWriter: Writer | null = null;
  let lastDriftAt: string | null = null;
  let [drifts, repairs] = [0, 0];

  function look(reading: Reading<string>, now: Moment, ruling: Ruling): KeepAction {
    for (const event of ledger.due(now)) tell(event);
    if (underRepair !== undefined) return NOTHING;
    if (!reading.known) return blind(reading, now);
    unreadable = null;
    value = reading.value;
    return isWanted(demand, value) ? right(now) : wrong(value, now, ruling);
  }

  function blind({ reason }: Unknown, now: Moment): KeepAction {
    value = null;
    if (reason === 'absent') {
      // What is not there is not wrong; when it comes back it is new.
      excursion = undefined;
      expected = undefined;
      settled = false;
      rightMs = now.ms;
    }
    if (unreadable !== reason) tell({ at: now.at.toISOString(), type: 'unreadable', key, reason });
    unreadable = reason;
    return NOTHING;
  }

  function right(now: Moment): KeepAction {
    rightMs = now.ms;
    settled = true;
    excursion = undefined;
    expected = undefined;
    unanswered = null;
    if ((pace.fighting || contested) && now.ms - disturbedMs >= QUIET_MS) calm(now);
    return NOTHING;
  }

  function calm(now: Moment): void {
    if (contested) tell({ at: now.at.toISOString(), type: 'calm', key });
    pace = RESTED;
    rewrites = [];
    writers.clear();
    contested = false;
    longestTold = false;
  }

  function wrong(found: string, now: Moment, ruling: Ruling): KeepAction {
    disturbedMs = now.ms;
    excursion ??= leave(found, now);
    excursion.value = found;
    if (!ruling.acting) return NOTHING;
    const due = dueAt(pace, intervalMs);
    if (now.ms < due) return { do: 'wait', untilMs: due };
    underRepair = demandValue(demand);
    return { do: 'repair', value: underRepair };
  }

  function leave(found: string, now: Moment): Excursion {
    const because = expected?.value === found.trim() ? expected.because : undefined;
    expected = undefined;
    const writer = unanswered;
    if (because !== undefined) return { value: found, firstMs: now.ms, writer, because };
    drifts += 1;
    lastDriftAt = now.at.toISOString();
    tell({ at: lastDriftAt, type: 'drift', key, value: found, wanted: demandValue(demand), writer });
    // A write that was seen has been counted when it was seen.
    if (settled && writer === null) rewritten(1, 'unknown', now);
    return { value: found, firstMs: now.ms, writer, because };
  }

  function rewritten(times: number, by: string, now: Moment): void {
    disturbedMs = now.ms;
    if (!contested && perMinute(now) === 0) writers.clear();
    if (writers.size < MOST_WRITERS) writers.add(by);
    note(times, now);
    if (contested || perMinute(now) <= FREE_PER_MINUTE) return;
    contested = true;
    pace = inFight(pace);
    tellContested(now);
  }

  /** By the second, and none older than a minute: somebody may go on for weeks. */
  function note(times: number, now: Moment): void {
    const last = rewrites.at(-1);
    if (last !== undefined && now.ms - last.ms < 1000) {
      last.times += times;
      return;
    }
    if (rewrites.length > MINUTE_MS / 1000) rewrites.shift();
    rewrites.push({ ms: now.ms, times });
  }

  function perMinute(now: Moment): number {
    rewrites = rewrites.filter(({ ms }) => now.ms - ms < MINUTE_MS);
    return rewrites.reduce((sum, { times }) => sum + times, 0);
  }

  function tellContested(now: Moment): void {
    const retryMs = waitMs(pace, intervalMs);
    const at = now.at.toISOString();
    tell({ at, type: 'contested', key, perMinute: perMinute(now), writers: [...writers].sort(), retryMs });
  }

  function repaired(outcome: RepairOutcome, now: Moment, ruling: Ruling): string | undefined {
    // Asked for of this thing under a plan that has dropped it since: it is read anew.
    if (underRepair === undefined) return undefined;
    const to = underRepair;
    underRepair = undefined;
    pace = afterAttempt(pace, now.ms, outcome.ok);
    const at = now.at.toISOString();
    if (outcome.ok) {
      repairs += 1;
      tell({
        at,
        type: 'repaired',
        key,
        from: excursion?.value ?? '',
        to,
        latencyMs: latency(now, ruling),
        ...cause(),
      });
      value = to;
      rightMs = now.ms;
      settled = true;
      excursion = undefined;
      unanswered = null;
      if (!isWanted(demand, to)) expected = { value: to, because: 'plan' };
    } else tell({ at, type: 'repair-failed', key, why: outcome.why });
    if (contested && !longestTold && waitMs(pace, intervalMs) >= LONGEST_WAIT_MS) {
      longestTold = true;
      tellContested(now);
    }
    return outcome.ok ? to : undefined;
  }

  function cause(): { after?: string } {
    return excursion?.because === undefined ? {} : { after: excursion.because };
  }

  /** From the write where it was seen, else from when it was last right, which is the most it can have been. */
  /** Whole milliseconds, rounded up: it is told as the most it can have been. */
  function latency(now: Moment, ruling: Ruling): number {
    const most = Math.ceil(Math.max(0, now.ms - Math.max(rightMs ?? excursion?.firstMs ?? now.ms, ruling.sinceMs)));
    if (!excursion?.writer) return most;
    const sinceWrite = now.at.getTime() - Date.parse(excursion.writer.at);
    return sinceWrite >= 0 && sinceWrite < most ? sinceWrite : most;
  }

  return {
    look,
    repaired,
    saw(seen, now) {
      lastWriter = seen.writer;
      if (seen.answer === 'same') return;
      if (seen.answer !== 'held') unanswered = seen.writer;
      for (const event of ledger.note(seen, now)) tell(event);
      rewritten(seen.times, writerName(seen.writer), now);
    },
    expect(next, because) {
      if (excursion === undefined) expected = { value: next, because };
    },
    replan(next) {
      if (value !== null && excursion === undefined && isWanted(demand, value))
        expected = { value: value.trim(), because: 'plan' };
      demand = next;
    },
    flush(now) {
      for (const event of ledger.due(now, 'all')) tell(event);
    },
    state: () => ({
      value,
      ...(unreadable !== null && { unreadable }),
      drifts,
      repairs,
      lastWriter,
      lastDriftAt,
      contested,
      writers: contested ? [...writers].sort() : [],
      retryMs: waitMs(pace, intervalMs),
    }),
  };
}
