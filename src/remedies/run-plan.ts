import type { ActingHost } from '../hosts/host.ts';
import type { Bilingual } from '../lang.ts';
import { apply, asWanted, observe, plain, verify } from './execute.ts';
import type { Image } from './image.ts';
import { isOpen } from './interrupted.ts';
import { type Journal, JournalError } from './journal.ts';
import type { Remedy } from './remedy.ts';
import type { StepRecord } from './run-record.ts';
import type { Step } from './step.ts';

export type StepResult = 'applied' | 'verified' | 'undone' | 'failed' | 'skipped';

export interface StepReport {
  readonly step: Step;
  readonly result: StepResult;
  /** Empty where there is nothing to add. */
  readonly detail: Bilingual;
}

/** What a run or an undo did. `verified`: no step failed, none was left out. */
export interface RunReport {
  readonly run: string;
  readonly steps: readonly StepReport[];
  readonly verified: boolean;
}

export interface RunOptions {
  /** Aborted: the step in hand is finished and recorded, the rest is left out. */
  readonly signal?: AbortSignal;
  readonly onStep?: (report: StepReport) => void;
}

export const NOTHING: Bilingual = { en: '', 'zh-CN': '' };
const ALREADY: Bilingual = { en: 'it was so already; nothing was written', 'zh-CN': '原本如此，未写入任何内容' };
const NO_DAEMON: Bilingual = { en: 'it is not running; there is nobody to tell', 'zh-CN': '该服务未运行，无需通知' };
const AFTER_FAILURE: Bilingual = { en: 'a step before it failed', 'zh-CN': '前面的步骤失败' };
export const INTERRUPTED: Bilingual = { en: 'interrupted', 'zh-CN': '被中断' };

/**
 * Carries out the journal's still planned steps of these remedies, one after another: its before-image is on the disk before
 * each write, its result after. Stops at the first that fails, so that what stands is what was shown; of a remedy whose
 * steps are independent the others are still carried out, as long as the node can be looked at and the journal written.
 * Failures of the node and of the journal are in the report; throws for bugs only.
 */
export async function runPlan(
  host: ActingHost,
  remedies: readonly Remedy[],
  journal: Journal,
  options: RunOptions = {},
): Promise<RunReport> {
  const reports: StepReport[] = [];
  let stopped: Stop | undefined;
  const chosen = journal.steps().filter((record) => isOpen(record) && remedies.includes(record.remedy));
  for (const { index } of chosen) {
    const record = journal.steps()[index] as StepRecord;
    if (options.signal?.aborted && (!stopped || stopped.spares)) stopped = { why: INTERRUPTED };
    const { report, goesOn }: Ran =
      stopped && stopped.spares !== record.remedy
        ? { report: { step: record.step, result: 'skipped', detail: stopped.why } }
        : await runStep(host, record, journal);
    if (report.result === 'failed') stopped = { why: AFTER_FAILURE, ...(goesOn && { spares: record.remedy }) };
    reports.push(report);
    options.onStep?.(report);
  }
  return { run: journal.run, steps: reports, verified: reports.every(isDone) };
}

/** Why steps are left out, and the remedy whose further steps are not. */
interface Stop {
  readonly why: Bilingual;
  readonly spares?: Remedy;
}

function isDone({ result }: StepReport): boolean {
  return result === 'applied' || result === 'verified';
}

interface Ran {
  readonly report: StepReport;
  /** It failed in a way that leaves the remedy's other steps a chance. */
  readonly goesOn?: boolean;
}

async function runStep(host: ActingHost, record: StepRecord, journal: Journal): Promise<Ran> {
  const { step, index, remedy } = record;
  const before = await observe(host, step);
  if (!before.known) return { report: failed(step, plain(before.detail)) };
  try {
    journal.record({ type: 'intent', step: index, before: before.value });
    if (asWanted(step, before.value)) {
      journal.record({ type: 'done', step: index, result: 'already', after: before.value });
      journal.record({ type: 'verified', step: index });
      return { report: { step, result: 'verified', detail: step.kind === 'reload' ? NO_DAEMON : ALREADY } };
    }
  } catch (error) {
    return { report: failed(step, unjournaled(error, false)) };
  }
  const outcome = await change(host, step, before.value);
  try {
    return { report: recorded(journal, index, step, outcome), goesOn: remedy.independent === true };
  } catch (error) {
    return { report: failed(step, unjournaled(error, outcome.changed)) };
  }
}

interface Change {
  readonly changed: boolean;
  readonly after?: Image;
  readonly why?: Bilingual;
}

async function change(host: ActingHost, step: Step, before: Image): Promise<Change> {
  const applied = await apply(host, step, before);
  if (!applied.ok) return { changed: false, why: applied.why };
  const after = await observe(host, step);
  if (!after.known) return { changed: true, why: plain(after.detail) };
  const verified = verify(step, after.value);
  return { changed: true, after: after.value, ...(!verified.ok && { why: verified.why }) };
}

function recorded(journal: Journal, index: number, step: Step, { changed, after, why }: Change): StepReport {
  if (changed) journal.record({ type: 'done', step: index, result: 'applied', ...(after && { after }) });
  if (why) {
    journal.record({ type: 'failed', step: index, why });
    return failed(step, why);
  }
  if (step.kind === 'reload') return { step, result: 'applied', detail: NOTHING };
  journal.record({ type: 'verified', step: index });
  return { step, result: 'verified', detail: NOTHING };
}

function failed(step: Step, detail: Bilingual): StepReport {
  return { step, result: 'failed', detail };
}

function unjournaled(error: unknown, changed: boolean): Bilingual {
  if (!(error instanceof JournalError)) throw error;
  return changed
    ? {
        en: `done, but it could not be recorded (${error.message}); undo still finds it by its before-image`,
        'zh-CN': `已执行，但无法记录（${error.words['zh-CN']}）；undo 仍可凭修改前的记录将其撤销`,
      }
    : { en: `nothing was changed: ${error.message}`, 'zh-CN': `未做任何改动：${error.words['zh-CN']}` };
}
