import type { ActingHost } from '../hosts/host.ts';
import type { Bilingual } from '../lang.ts';
import { listRuns, readRun, setAside } from './journal.ts';
import type { PlannedRemedy, RunRecord, StepRecord } from './run-record.ts';
import { mayStand } from './run-record.ts';

/** The runs of one target, oldest first, and the journals that cannot be read. */
export interface Runs {
  readonly runs: readonly RunRecord[];
  readonly corrupt: readonly { readonly run: string; readonly why: string }[];
}

/** Reads every journal of a directory. Throws JournalError. */
export function readRuns(directory: string): Runs {
  const runs: RunRecord[] = [];
  const corrupt: { run: string; why: string }[] = [];
  for (const run of listRuns(directory)) {
    const record = readRun(directory, run);
    if ('corrupt' in record) corrupt.push({ run, why: record.corrupt });
    else runs.push(record);
  }
  return { runs, corrupt };
}

/** Puts unusable journals out of the way and says so, one line each. Throws JournalError. */
export function setCorruptAside(directory: string, { corrupt }: Runs): readonly Bilingual[] {
  return corrupt.map(({ run, why }) => {
    const aside = setAside(directory, run);
    return {
      en: `the journal of run ${run} is corrupt (${why}); kept as ${aside}`,
      'zh-CN': `运行 ${run} 的日志已损坏（${why}），保留为 ${aside}`,
    };
  });
}

/** Something of this run may still be in place. */
export function stands(run: RunRecord): boolean {
  return run.steps.some(mayStand);
}

/** A run on trial that was not brought to its end: neither kept nor wholly taken back. */
export function isOpenTrial({ trial, end }: RunRecord): boolean {
  return trial !== undefined && end === undefined && trial.decision?.how !== 'kept';
}

/** A run that was killed on its way: it never came to an end, and was not taken back. One on trial has its own end. */
export function isInterrupted(run: RunRecord): boolean {
  if (run.trial && run.trial.decision?.how !== 'kept') return false;
  return run.end === undefined && run.steps.some(({ phase }) => phase !== 'undone' && phase !== 'undoing');
}

/** A step that is still to be carried out. */
export function isOpen({ phase }: StepRecord): boolean {
  return phase === 'planned' || phase === 'void';
}

/**
 * What is left to do of an interrupted run, by remedy: open steps, and intents whose fate nobody has looked at. Values
 * of another boot are judged anew instead.
 */
export function remainder(run: RunRecord, bootId: string): readonly PlannedRemedy[] {
  if (run.bootId !== bootId || !isInterrupted(run)) return [];
  const remedies = new Map<PlannedRemedy, StepRecord[]>();
  for (const record of run.steps.filter((one) => isOpen(one) || one.phase === 'intended')) {
    remedies.set(record.remedy, [...(remedies.get(record.remedy) ?? []), record]);
  }
  return [...remedies].map(([remedy, steps]) => ({ ...remedy, steps: steps.map(({ step }) => step) }));
}

/** The node's boot, '' where it cannot be told. */
export async function bootIdOf(host: ActingHost): Promise<string> {
  const reading = await host.readSetting('/proc/sys/kernel/random/boot_id');
  return reading.known ? reading.value.trim() : '';
}
