import { setTimeout as delay } from 'node:timers/promises';
import { type FixJob, type FixReport, type Running, recover, runNow, runToLast, settleOthers } from '../fix-run.ts';
import { readRuns } from '../interrupted.ts';
import { createJournal, type Journal, JournalError, makeJournalDirectory, readRun, reopenJournal } from '../journal.ts';
import { openForUndo } from '../open-for-undo.ts';
import { guardedLock, lockHolder, patientLock } from '../run-lock.ts';
import type { RunOptions, RunReport } from '../run-plan.ts';
import type { RunRecord } from '../run-record.ts';
import { decide, monotonicMs, type Outcome, type TakingBack, takeBackOpened } from './take-back.ts';
import type { Trial, TrialEnding } from './trial-record.ts';
import { lives, thisProcess } from './watcher.ts';

export interface TrialJob extends FixJob {
  readonly lastsMs: number;
  /** Starts what takes the run back when nobody else can; resolves once that watches. Throws JournalError. */
  readonly startWatcher: (run: string) => Promise<void>;
}

/** A run that was carried out on trial and is not decided. */
export interface OnTrial {
  readonly run: string;
  readonly report: RunReport;
  /** RFC 3339, and on the monotonic clock in milliseconds. */
  readonly until: string;
  readonly untilMs: number;
}

/** How long another run may hold the lock before a decision is given up, in milliseconds. */
const PATIENCE_MS = 60_000;

/**
 * Carries out what changes the running kernel, watched over from before the first change on. What persists is not touched:
 * that is for `keepTrial`. When the time is over in between, the step in hand is finished and the rest left out. Throws
 * JournalError where nothing could be begun.
 */
export async function beginTrial(job: TrialJob): Promise<OnTrial> {
  const { directory, host, bootId, tool, plan, lastsMs, startWatcher } = job;
  makeJournalDirectory(directory);
  const lock = guardedLock(directory);
  try {
    await settleOthers(job);
    const trial = { lastsMs, by: thisProcess() };
    const target = { name: host.name, via: host.via };
    const journal = createJournal(directory, { target, bootId, tool, plan, trial });
    try {
      await watched(journal.run, startWatcher, () => {
        decide(journal, directory, { how: 'taken-back', why: 'failed' });
        journal.end('failed');
      });
      const untilMs = monotonicMs() + lastsMs;
      const until = new Date(Date.now() + lastsMs).toISOString();
      journal.tell({ type: 'trial', until, untilMs });
      const over = AbortSignal.timeout(lastsMs);
      const signal = job.signal ? AbortSignal.any([job.signal, over]) : over;
      return { run: journal.run, report: await runNow({ ...job, signal }, journal), until, untilMs };
    } finally {
      journal.close();
    }
  } finally {
    lock.release();
  }
}

async function watched(run: string, start: TrialJob['startWatcher'], giveUp: () => void): Promise<void> {
  try {
    await start(run);
  } catch (error) {
    giveUp();
    throw error;
  }
}

/**
 * From here on the run waits for its confirmation without the tool. False: it does not, for its time is over or it was decided
 * meanwhile. Throws JournalError.
 */
export async function leaveOnTrial(directory: string, run: string): Promise<boolean> {
  const lock = await patientLock(directory, { patienceMs: PATIENCE_MS });
  try {
    const journal = reopenJournal(directory, run);
    try {
      const { untilMs = 0, decision } = journal.trial() ?? {};
      if (decision || monotonicMs() >= untilMs) return false;
      journal.tell({ type: 'left' });
      return true;
    } finally {
      journal.close();
    }
  } finally {
    lock.release();
  }
}

export interface Keeping extends Running {
  readonly directory: string;
  readonly bootId: string;
}

/** Why a run cannot be kept any more. */
export type TooLate =
  | { readonly late: 'over' | 'reboot' | 'ended' }
  | { readonly late: 'taken-back'; readonly trial: Trial };

/**
 * Keeps a run on trial: the decision goes into the journal, then what persists is written, as a fix does it. One of which a
 * step failed or was never done is not kept, however quick who confirms is. A run that was kept and whose tool died before all
 * was written is completed. Throws JournalError.
 */
export async function keepTrial(job: Keeping, run: string): Promise<FixReport | TooLate> {
  const { directory, bootId } = job;
  const lock = await patientLock(directory, { patienceMs: PATIENCE_MS });
  try {
    const journal = reopenJournal(directory, run);
    try {
      const trial = journal.trial();
      const late = journal.bootId === bootId ? undefined : ({ late: 'reboot' } as const);
      if (late) return late;
      if (!trial?.decision && monotonicMs() >= (trial?.untilMs ?? 0)) return { late: 'over' };
      const why = trial && whyNotKept(journal, trial);
      const decision = decide(journal, directory, why ? { how: 'taken-back', why } : { how: 'kept' });
      if (trial && decision?.how !== 'kept')
        return { late: 'taken-back', trial: { ...trial, ...(decision && { decision }) } };
      if (journal.ended) return { late: 'ended' };
      await recover(job, journal);
      return await runToLast(job, journal, { run, steps: [], verified: true });
    } finally {
      journal.close();
    }
  } finally {
    lock.release();
  }
}

/** Why there is nothing whole to keep; undefined: all was done that was to be tried. */
function whyNotKept(journal: Journal, { left, by }: Trial): TrialEnding | undefined {
  const isWhole = journal.steps().every(({ remedy, phase }) => remedy.scope !== 'now' || phase === 'done');
  if (isWhole) return undefined;
  return left || lives(by) ? 'failed' : 'tool-died';
}

/** Takes a run on trial back, unless it was kept meanwhile. Throws JournalError where the lock cannot be had. */
export async function takeTrialBack(parts: TakingBack & RunOptions, run: string, why: TrialEnding): Promise<Outcome> {
  return taken(parts, run, why, () => patientLock(parts.directory, { patienceMs: PATIENCE_MS }));
}

async function taken(
  parts: TakingBack & RunOptions,
  run: string,
  why: TrialEnding,
  lock: () => ReturnType<typeof patientLock>,
): Promise<Outcome> {
  const found = readRuns(parts.directory);
  const record = found.runs.find((one) => one.run === run);
  // It was put aside, or removed, by somebody: there is nothing to go by.
  if (!record) return { kept: false, report: { run, steps: [], verified: false } };
  const { journal, release } = await openForUndo({ directory: parts.directory, run: record, found, lock });
  try {
    // Somebody was quicker, and is done with it.
    if (journal.ended) return endedAlready(parts.directory, run);
    return await takeBackOpened(parts, journal, why);
  } finally {
    journal.close();
    release();
  }
}

/** As the journal tells: whoever took it back may not have been able to take back everything. */
function endedAlready(directory: string, run: string): Outcome {
  const record = readRun(directory, run);
  if ('corrupt' in record) return { kept: false, report: { run, steps: [], verified: false } };
  const { trial, end, note } = record;
  if (trial?.decision?.how === 'kept') return { kept: true };
  return { kept: false, report: { run, steps: [], verified: end === 'verified' }, ...(note && { note }) };
}

/** Time between two looks of the watcher, in milliseconds. */
const LOOK_MS = 100;
/** How long the tool may hold the lock once its time is over: it hangs in a step, or in writing to a terminal that is cut off. */
const HANGS_MS = 10_000;

/**
 * Watches over a run on trial until it is decided, or takes it back: when its time is over, when the tool that asks
 * died, or when `signal` says that the watcher has to end. A journal that cannot be read or written now is tried again: nobody
 * else would.
 */
export async function watchTrial(parts: TakingBack & { readonly signal: AbortSignal }, run: string): Promise<void> {
  while (!(await isOver(parts, run))) {
    await delay(LOOK_MS, undefined, { signal: parts.signal }).catch(() => undefined);
    if (parts.signal.aborted) await delay(LOOK_MS);
  }
}

async function isOver(parts: TakingBack & { readonly signal: AbortSignal }, run: string): Promise<boolean> {
  try {
    const record = readRun(parts.directory, run);
    if ('corrupt' in record || !record.trial || record.end !== undefined) return true;
    const { trial } = record;
    if (trial.decision?.how === 'kept') return true;
    const why = dueWhy(trial, parts.signal);
    return why !== undefined && (await tryToTakeBack(parts, record, trial, why));
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    // It was put aside, or removed, by somebody: there is nothing to go by.
    return error.code === 'ENOENT';
  }
}

/** Why it is to be taken back now; undefined: not yet. */
function dueWhy({ by, left, untilMs, decision }: Trial, signal: AbortSignal): TrialEnding | undefined {
  // Whoever decided that is about to do it, or was killed: the lock tells.
  if (decision?.how === 'taken-back') return decision.why;
  if (!left && !lives(by)) return 'tool-died';
  if (untilMs !== undefined && monotonicMs() >= untilMs) return 'no-answer';
  return signal.aborted ? 'watcher-ended' : undefined;
}

/** False: somebody else has the lock, and may be doing it. */
async function tryToTakeBack(parts: TakingBack, { run }: RunRecord, trial: Trial, why: TrialEnding): Promise<boolean> {
  try {
    await taken(parts, run, why, async () => guardedLock(parts.directory));
    return true;
  } catch (error) {
    if (!(error instanceof JournalError) || error.code !== 'EBUSY') throw error;
    endHungTool(parts.directory, trial);
    return false;
  }
}

/** A tool that holds the lock long after its time is over does not come back: everybody else waits for it. */
function endHungTool(directory: string, { by, untilMs }: Trial): void {
  if (untilMs === undefined || monotonicMs() < untilMs + HANGS_MS) return;
  if (lockHolder(directory)?.pid === by.pid && lives(by)) process.kill(by.pid, 'SIGKILL');
}
