import type { ActingHost } from '../../hosts/host.ts';
import type { Bilingual } from '../../lang.ts';
import { type Journal, JournalError, readRun } from '../journal.ts';
import type { RunOptions, RunReport } from '../run-plan.ts';
import type { Step } from '../step.ts';
import { undoRun } from '../undo-run.ts';
import type { Decision, TrialEnding } from './trial-record.ts';
import { thisProcess } from './watcher.ts';

/** What is needed to take a run back. */
export interface TakingBack {
  readonly host: ActingHost;
  readonly directory: string;
  readonly bootId: string;
  /** Who keeps what was taken back, and so writes it again, in words; undefined: nobody. */
  readonly keptBy?: (steps: readonly Step[]) => Promise<Bilingual | undefined>;
}

/** Milliseconds on the clock that nobody sets: CLOCK_MONOTONIC, the same for all processes of a boot. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

/** A decision before it is written. */
export type Wish = { readonly how: 'kept' } | { readonly how: 'taken-back'; readonly why: TrialEnding };

/**
 * Writes a decision into the journal, under the lock, and answers which one holds: the first line of the journal, should two
 * ever believe they have the lock. Throws JournalError where it cannot be written.
 */
export function decide(journal: Journal, directory: string, wish: Wish): Decision | undefined {
  const present = journal.trial()?.decision;
  if (present) return present;
  const { pid, start } = thisProcess();
  journal.tell({ type: 'decided', who: `${pid}.${start}`, ...wish });
  const read = readRun(directory, journal.run);
  return ('corrupt' in read ? undefined : read.trial?.decision) ?? journal.trial()?.decision;
}

/** Either it was kept meanwhile, or everything was taken back as the report says. */
export type Outcome =
  | { readonly kept: true }
  | { readonly kept: false; readonly report: RunReport; readonly note?: Bilingual };

/**
 * Takes a run on trial back, unless it was kept; what somebody began and did not finish is finished. Called under the
 * lock, with the journal open. A journal that cannot be written does not stop it.
 */
export async function takeBackOpened(
  parts: TakingBack & RunOptions,
  journal: Journal,
  why: TrialEnding,
): Promise<Outcome> {
  const { host, bootId, keptBy, onStep, signal } = parts;
  if (decided(parts, journal, why) === 'kept') return { kept: true };
  const report = await undoRun(host, journal, { bootId, ...(onStep && { onStep }), ...(signal && { signal }) });
  // What was interrupted is left to the next.
  if (signal?.aborted) return { kept: false, report };
  let note: Bilingual | undefined;
  try {
    if (report.steps.length > 0) note = await keptBy?.(report.steps.map(({ step }) => step));
  } finally {
    written(() => journal.end(report.verified ? 'verified' : 'failed', note));
  }
  return { kept: false, report, ...(note && { note }) };
}

function decided({ directory }: TakingBack, journal: Journal, why: TrialEnding): Decision['how'] {
  let how: Decision['how'] = 'taken-back';
  written(() => {
    how = decide(journal, directory, { how: 'taken-back', why })?.how ?? 'taken-back';
  });
  return how;
}

/** Who cannot write the journal cannot confirm either: nobody decides otherwise. */
function written(record: () => void): void {
  try {
    record();
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
  }
}

/** Undoes a run for a person; of one on trial that is the decision. Called under the lock. `note`: what is to be known besides. */
export async function undoOpened(
  parts: TakingBack & RunOptions,
  journal: Journal,
): Promise<RunReport & { readonly note?: Bilingual }> {
  const { host, bootId, keptBy, onStep, signal } = parts;
  const trial = journal.trial();
  if (trial && !journal.ended && trial.decision?.how !== 'kept') {
    const outcome = await takeBackOpened(parts, journal, 'undo');
    if (!outcome.kept) return { ...outcome.report, ...(outcome.note && { note: outcome.note }) };
  }
  const report = await undoRun(host, journal, { bootId, ...(onStep && { onStep }), ...(signal && { signal }) });
  const note = await keptBy?.(report.steps.map(({ step }) => step));
  return { ...report, ...(note && { note }) };
}
