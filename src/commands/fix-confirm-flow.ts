import type { Severity } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import type { ProfileName } from '../profiles/profile.ts';
import { bootIdOf, isInterrupted, isOpenTrial, type Runs } from '../remedies/interrupted.ts';
import { JournalError } from '../remedies/journal.ts';
import type { RunRecord } from '../remedies/run-record.ts';
import type { TrialEnding } from '../remedies/trial/trial-record.ts';
import { keepTrial, type TooLate, takeTrialBack } from '../remedies/trial/trial-run.ts';
import { exitStatus } from '../report/exit-status.ts';
import { actingHost } from './acting-host.ts';
import { jsonText, line, resultText } from './change-text.ts';
import { countingAgainst, withLasting } from './fix-findings.ts';
import { look } from './fix-prepare.ts';
import { keptBy } from './guard-keeps.ts';
import { catchInterruption } from './interruption.ts';
import { readableRuns } from './readable-runs.ts';
import { printKept, printTakenBack } from './trial-report.ts';
import { TRIAL_WORDS } from './trial-words.ts';
import { nearest, UsageError } from './usage.ts';

export interface ConfirmOptions {
  readonly lang: Lang;
  readonly json: boolean;
  readonly width: number;
  readonly failOn: Extract<Severity, 'critical' | 'warning'>;
  readonly profile?: ProfileName;
  readonly run?: string;
}

/** The whole of `fix --confirm`; returns the exit status. */
export async function runConfirm(options: ConfirmOptions): Promise<number> {
  const { lang } = options;
  const { host, directory } = await actingHost({});
  const run = chooseTrial(readableRuns(directory, lang), options);
  const interruption = catchInterruption(() => undefined);
  try {
    return await keep({ host, directory, bootId: await bootIdOf(host) }, run, interruption.signal, options);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    process.stderr.write(line(`hayward: ${error.words[lang]}`));
    return 1;
  } finally {
    interruption.restore();
  }
}

/** The run named; else the one on trial, or the last that was. */
function chooseTrial({ runs }: Runs, { run: named, lang }: ConfirmOptions): RunRecord {
  const trials = runs.filter(({ trial }) => trial !== undefined);
  const ids = trials.map(({ run }) => run);
  const found =
    named === undefined
      ? (trials.findLast((run) => isOpenTrial(run) || isInterrupted(run)) ?? trials.at(-1))
      : trials.find(({ run }) => run === named);
  if (found) return found;
  const words = TRIAL_WORDS[lang].nothingOnTrial;
  if (named === undefined) throw new UsageError(words);
  throw new UsageError(`'${named}': ${words}`, nearest(named, ids) ?? ids.at(-1));
}

interface Here {
  readonly host: Awaited<ReturnType<typeof actingHost>>['host'];
  readonly directory: string;
  readonly bootId: string;
}

async function keep(here: Here, run: RunRecord, signal: AbortSignal, options: ConfirmOptions): Promise<number> {
  const { lang, json } = options;
  const plan = [...new Set(run.steps.map(({ remedy }) => remedy))];
  const asked = {
    ...options,
    problems: [...new Set(plan.map(({ problem }) => problem))],
    scopes: [...new Set(plan.map(({ scope }) => scope))],
  };
  const report = await keepTrial(
    {
      ...here,
      signal,
      scopes: asked.scopes,
      judge: async () => (await look(here.host, withLasting(asked))).findings,
      notice: (text) => void process.stderr.write(line(`hayward: ${text[lang]}`)),
      onStep: (step) => void (json || process.stdout.write(resultText(step, options))),
    },
    run.run,
  );
  if ('late' in report) return tooLate(here, run, report, options);
  const findings = countingAgainst(report.findings, asked, plan);
  const status = report.verified ? exitStatus(findings, options.failOn) : 1;
  const verified = report.verified && status !== 1;
  printKept({ ...report, verified, findings, lost: [], interrupted: signal.aborted, probes: [] }, options);
  return status;
}

/** What became of a run that cannot be kept any more; what is left of it is taken back. */
async function tooLate(here: Here, record: RunRecord, why: TooLate, options: ConfirmOptions): Promise<number> {
  const { run, trial } = record;
  const words = TRIAL_WORDS[options.lang];
  if (why.late === 'ended') return keptAlready(record, options);
  if (why.late === 'over') process.stderr.write(line(words.tooLate(run)));
  if (why.late === 'reboot') process.stderr.write(line(words.rebooted(run)));
  const ending: TrialEnding = why.late === 'reboot' ? 'reboot' : 'no-answer';
  const outcome = await takeTrialBack({ ...here, keptBy }, run, ending);
  if (outcome.kept) return keptAlready(record, options);
  const decided = why.late === 'taken-back' ? why.trial.decision : undefined;
  printTakenBack(
    {
      run,
      until: trial?.until,
      why: decided?.how === 'taken-back' ? decided.why : ending,
      complete: outcome.report.verified,
      note: outcome.note,
      steps: outcome.report.steps,
    },
    options,
  );
  return 1;
}

/** It was kept before; an `undo` may have taken it back since. */
function keptAlready({ run, steps }: RunRecord, { lang, json }: ConfirmOptions): number {
  const words = TRIAL_WORDS[lang];
  const undone = steps.some(({ phase }) => phase === 'undone');
  const done = { run, steps: [], verified: !undone, trial: { state: undone ? 'taken-back' : 'kept' } };
  process.stdout.write(json ? jsonText(done) : line(undone ? words.undoneSince(run) : words.keptAlready(run)));
  return undone ? 1 : 0;
}
