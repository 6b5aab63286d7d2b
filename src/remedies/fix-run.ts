import type { ActingHost } from '../hosts/host.ts';
import type { Finding } from '../judging/finding.ts';
import type { Bilingual } from '../lang.ts';
import { isInterrupted, isOpenTrial, readRuns, setCorruptAside } from './interrupted.ts';
import { createJournal, type Journal, JournalError, makeJournalDirectory, reopenJournal } from './journal.ts';
import { recoverRun } from './recover-run.ts';
import type { Remedy } from './remedy.ts';
import { guardedLock } from './run-lock.ts';
import { type RunOptions, type RunReport, runPlan, type StepReport } from './run-plan.ts';
import type { PlannedRemedy, RunRecord } from './run-record.ts';
import { settleTrial } from './trial/settle.ts';

export interface FixJob extends RunOptions {
  readonly host: ActingHost;
  /** Where the target's journals are. */
  readonly directory: string;
  readonly bootId: string;
  readonly tool: string;
  /** What is new; the open steps of `resumes` come before it. */
  readonly plan: readonly PlannedRemedy[];
  readonly scopes: readonly Remedy['scope'][];
  /** An interrupted run to be completed. */
  readonly resumes: RunRecord | undefined;
  /** Looks at the node again and judges it. */
  readonly judge: () => Promise<readonly Finding[]>;
  /** One line on what was met on the way. */
  readonly notice: (line: Bilingual) => void;
}

export interface FixReport extends RunReport {
  /** The judgement after the last step. */
  readonly findings: readonly Finding[];
}

/**
 * Carries a plan out under the lock: journal, the steps that change the running kernel, a look whether the problems are
 * gone, then the steps that persist (not of a problem that is still there), and a last look. Throws JournalError
 * where nothing could be begun; every later failure is in the report.
 */
export async function carryOut(job: FixJob): Promise<FixReport> {
  makeJournalDirectory(job.directory);
  const lock = guardedLock(job.directory);
  try {
    await settleOthers(job);
    const journal = await openJournal(job);
    try {
      return await runToLast(job, journal, await runNow(job, journal));
    } finally {
      journal.close();
    }
  } finally {
    lock.release();
  }
}

/**
 * Interrupted runs that are not taken up again: their fate is looked up and recorded, so that undo knows it. A run on trial
 * that nobody watches over any more is taken back. Called under the lock. Throws JournalError, too where a run is on trial.
 */
export async function settleOthers(job: Settling): Promise<void> {
  const found = readRuns(job.directory);
  for (const line of setCorruptAside(job.directory, found)) job.notice(line);
  for (const run of found.runs) {
    if (isOpenTrial(run)) await settleTrial(job, run);
    if (!isInterrupted(run) || run.run === job.resumes?.run) continue;
    const journal = reopenJournal(job.directory, run.run);
    try {
      await recover(job, journal);
      journal.end('interrupted');
    } finally {
      journal.close();
    }
  }
}

export type Settling = Pick<FixJob, 'host' | 'directory' | 'bootId' | 'notice' | 'resumes'>;

/** Looks up what became of steps that a kill caught, and records it. Throws JournalError. */
export async function recover(
  { host, bootId, notice }: Pick<FixJob, 'host' | 'bootId' | 'notice'>,
  journal: Journal,
): Promise<void> {
  for (const { record, outcome, detail } of await recoverRun(host, journal, bootId)) {
    if (outcome !== 'unclear') continue;
    const step = record.index + 1;
    notice({
      en: `run ${journal.run} was interrupted at step ${step}: ${detail.en}`,
      'zh-CN': `运行 ${journal.run} 在第 ${step} 步被中断：${detail['zh-CN']}`,
    });
  }
}

async function openJournal(job: FixJob): Promise<Journal> {
  const { directory, host, bootId, tool, plan, resumes } = job;
  if (!resumes) {
    return createJournal(directory, { target: { name: host.name, via: host.via }, bootId, tool, plan });
  }
  const journal = reopenJournal(directory, resumes.run);
  await recover(job, journal);
  if (plan.length > 0) journal.resume(plan);
  return journal;
}

/** What changes the running kernel. */
export function runNow(job: Running, journal: Journal): Promise<RunReport> {
  return runPlan(job.host, ofScope(job, journal, 'now'), journal, job);
}

export type Running = Pick<FixJob, 'host' | 'scopes' | 'judge' | 'notice' | 'signal' | 'onStep'>;

/** What persists, after what changed the running kernel went well; then the last look, and the run's end. */
export async function runToLast(job: Running, journal: Journal, now: RunReport): Promise<FixReport> {
  if (!now.verified) return finish(job, journal, [now]);
  const unsolved = await stillThere(job, ofScope(job, journal, 'now'));
  const keep = ofScope(job, journal, 'persist').filter(({ problem }) => !unsolved.has(problem));
  return finish(job, journal, [now, await runPlan(job.host, keep, journal, job)]);
}

function ofScope({ scopes }: Running, journal: Journal, scope: Remedy['scope']): readonly PlannedRemedy[] {
  if (!scopes.includes(scope)) return [];
  return [...new Set(journal.steps().map(({ remedy }) => remedy))].filter((remedy) => remedy.scope === scope);
}

/** Problems that the steps on the running kernel were to solve and did not: what does not help is not made to last. */
async function stillThere(job: Running, remedies: readonly PlannedRemedy[]): Promise<ReadonlySet<string>> {
  if (remedies.length === 0) return new Set();
  const planned = new Set(remedies.map(({ problem }) => problem));
  const findings = await job.judge();
  return new Set(
    findings
      .filter(({ status, problem }) => status === 'problem' && planned.has(problem))
      .map(({ problem }) => problem),
  );
}

async function finish(job: Running, journal: Journal, reports: readonly RunReport[]): Promise<FixReport> {
  const steps: readonly StepReport[] = reports.flatMap((report) => report.steps);
  const verified = reports.every((report) => report.verified);
  const findings = await job.judge();
  try {
    journal.end(verified ? 'verified' : job.signal?.aborted ? 'interrupted' : 'failed');
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    job.notice(error.words);
  }
  return { run: journal.run, steps, verified, findings };
}
