import type { Finding } from '../judging/finding.ts';
import type { FixReport } from '../remedies/fix-run.ts';
import { JournalError, readRun } from '../remedies/journal.ts';
import { patientLock } from '../remedies/run-lock.ts';
import type { RunReport, StepReport } from '../remedies/run-plan.ts';
import { monotonicMs, type Outcome } from '../remedies/trial/take-back.ts';
import type { TrialEnding } from '../remedies/trial/trial-record.ts';
import { beginTrial, keepTrial, leaveOnTrial, type OnTrial, takeTrialBack } from '../remedies/trial/trial-run.ts';
import { startWatcher } from '../remedies/trial/watcher.ts';
import { VERSION } from '../version.ts';
import { line, resultText, stillText, unseenText } from './change-text.ts';
import { withLasting } from './fix-findings.ts';
import { confirmed, type FixOptions, look, type Prepared } from './fix-prepare.ts';
import { type ProbePair, probeJson, probesOf, probeText, sendAfter, sendBefore } from './fix-probes.ts';
import { verdictOn } from './fix-verdict.ts';
import { guardKeeps, keptBy } from './guard-keeps.ts';
import { catchInterruption } from './interruption.ts';
import { type Answer, askToKeep } from './keep-question.ts';
import { printKept, printOnTrial, printTakenBack } from './trial-report.ts';
import { TRIAL_WORDS } from './trial-words.ts';

type TrialOptions = FixOptions & { readonly tryMs: number };

/** Why a trial would promise what it cannot keep; undefined: it can. */
export async function cannotBeTried({ plan }: Prepared, { lang }: FixOptions): Promise<string | undefined> {
  const kept = await guardKeeps(plan.flatMap(({ scope, steps }) => (scope === 'now' ? steps : [])));
  return kept && TRIAL_WORDS[lang].keepsNot(kept);
}

/** All that the parts of one trial share. */
interface Trying {
  readonly prepared: Prepared;
  readonly options: TrialOptions;
  readonly signal: AbortSignal;
  readonly judge: () => Promise<readonly Finding[]>;
  readonly notice: (text: { readonly en: string; readonly 'zh-CN': string }) => void;
  readonly onStep: (step: StepReport) => void;
}

/** Carries the plan out on trial and sees it to its end; returns the exit status. */
export async function changeOnTrial(prepared: Prepared, options: TrialOptions): Promise<number> {
  const { lang, json } = options;
  const interruption = catchInterruption(() => process.stderr.write(line(TRIAL_WORDS[lang].interrupted)));
  const trying: Trying = {
    prepared,
    options,
    signal: interruption.signal,
    judge: async () => (await look(prepared.host, withLasting(options))).findings,
    notice: (text) => void process.stderr.write(line(`hayward: ${text[lang]}`)),
    onStep: (step) => void (json || process.stdout.write(resultText(step, options))),
  };
  try {
    return await tryIt(trying);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    trying.notice(error.words);
    return 1;
  } finally {
    interruption.restore();
  }
}

async function tryIt(trying: Trying): Promise<number> {
  const { prepared, options, signal } = trying;
  const before = await sendBefore(options.probe ? probesOf(prepared.plan, prepared.host) : []);
  const begun = await begin(trying);
  const failed = whyFailed(begun, signal);
  if (failed) return takeBack(trying, begun, failed);
  const findings = await trying.judge();
  const probes = await sendAfter(before);
  const status = showTried({ begun, findings, probes }, trying);
  if (options.yes) return leave(trying, { begun, probes, status });
  const answer = await askToKeep({
    words: TRIAL_WORDS[options.lang],
    untilMs: begun.untilMs,
    signal,
    decidedElsewhere: () => isDecided(prepared.directory, begun.run),
  });
  return follow(trying, { begun, probes, answer });
}

async function begin({ prepared, options, ...more }: Trying): Promise<OnTrial> {
  const { host, directory, bootId } = prepared;
  const program = { node: process.execPath, script: process.argv[1] ?? '' };
  return beginTrial({
    ...more,
    host,
    directory,
    bootId,
    tool: VERSION,
    plan: await confirmed(prepared, options),
    scopes: options.scopes,
    resumes: undefined,
    lastsMs: options.tryMs,
    startWatcher: (run) => startWatcher({ program, directory, run, environment: process.env }),
  });
}

function whyFailed({ report, untilMs }: OnTrial, signal: AbortSignal): TrialEnding | undefined {
  if (signal.aborted) return 'interrupted';
  if (monotonicMs() >= untilMs) return 'no-answer';
  return report.verified ? undefined : 'failed';
}

interface Tried {
  readonly begun: OnTrial;
  readonly findings: readonly Finding[];
  readonly probes: readonly ProbePair[];
}

/** What the node looks like now, for who has to decide; returns the exit status the fix would have. */
function showTried({ begun, findings, probes }: Tried, { prepared, options }: Trying): number {
  const now = { ...options, scopes: ['now'] as const };
  const verdict = verdictOn({ findings, verified: begun.report.verified }, prepared, now);
  const still = verdict.findings.filter((one) => one.status === 'problem' && one.severity !== 'info');
  const show = options.json ? process.stderr : process.stdout;
  if (!options.json || !options.yes) {
    show.write(unseenText(verdict.lost, options) + probeText(probes, options) + stillText(still, options));
  }
  return verdict.status;
}

function isDecided(directory: string, run: string): boolean {
  const record = readRun(directory, run);
  return 'corrupt' in record || record.trial?.decision !== undefined;
}

interface Asked {
  readonly begun: OnTrial;
  readonly probes: readonly ProbePair[];
  readonly answer: Answer;
}

/** Looking at the node took its time: that may be over by now. */
async function leave(
  trying: Trying,
  { begun, probes, status }: Omit<Asked, 'answer'> & { readonly status: number },
): Promise<number> {
  const { prepared, options } = trying;
  if (!(await leaveOnTrial(prepared.directory, begun.run))) return takeBack(trying, begun, 'no-answer');
  printOnTrial({ ...begun, verified: status === 0, probes: probeJson(probes) }, options);
  return status;
}

async function follow(trying: Trying, { begun, probes, answer }: Asked): Promise<number> {
  if (answer === 'decided') return followOther(trying, begun);
  if (answer !== 'keep') return takeBack(trying, begun, answer);
  const { prepared, options } = trying;
  const { host, directory, bootId } = prepared;
  const report = await keepTrial({ ...trying, host, directory, bootId, scopes: options.scopes }, begun.run);
  if ('late' in report) return takeBack(trying, begun, 'no-answer');
  return conclude(trying, { ...report, steps: [...begun.report.steps, ...report.steps] }, probes);
}

function conclude({ prepared, options, signal }: Trying, report: FixReport, probes: readonly ProbePair[]): number {
  const verdict = verdictOn(report, prepared, options);
  printKept({ ...report, ...verdict, interrupted: signal.aborted, probes: probeJson(probes) }, options);
  return report.verified ? verdict.status : 1;
}

async function takeBack(trying: Trying, begun: OnTrial, why: TrialEnding): Promise<number> {
  const { prepared, options, onStep } = trying;
  const { host, directory, bootId } = prepared;
  if (!options.json) process.stdout.write(line(TRIAL_WORDS[options.lang].takingBack));
  const outcome = await takeTrialBack({ host, directory, bootId, keptBy, onStep }, begun.run, why);
  return outcome.kept ? keptElsewhere(trying, begun) : told(trying, begun, outcome);
}

/** What the journal says in the end counts: somebody else may have been quicker, for another reason. */
function told({ prepared, options }: Trying, begun: OnTrial, outcome: Exclude<Outcome, { kept: true }>): number {
  const record = readRun(prepared.directory, begun.run);
  const decision = 'corrupt' in record ? undefined : record.trial?.decision;
  const complete = 'corrupt' in record ? outcome.report.verified : (record.end ?? 'failed') === 'verified';
  const why = decision?.how === 'taken-back' ? decision.why : 'no-answer';
  const note = outcome.note ?? ('corrupt' in record ? undefined : record.note);
  printTakenBack({ run: begun.run, until: begun.until, why, complete, note, steps: outcome.report.steps }, options);
  return 1;
}

/** Somebody else decided: their decision is waited for, and finished should they have died. */
async function followOther(trying: Trying, begun: OnTrial): Promise<number> {
  const record = readRun(trying.prepared.directory, begun.run);
  const decision = 'corrupt' in record ? undefined : record.trial?.decision;
  return decision?.how === 'kept' ? keptElsewhere(trying, begun) : takeBack(trying, begun, decision?.why ?? 'undo');
}

/** How long who confirmed may write what persists, in milliseconds. */
const PATIENCE_MS = 60_000;

async function keptElsewhere({ prepared, options }: Trying, begun: OnTrial): Promise<number> {
  (await patientLock(prepared.directory, { patienceMs: PATIENCE_MS })).release();
  const record = readRun(prepared.directory, begun.run);
  const verified = !('corrupt' in record) && record.end === 'verified';
  const report: RunReport = { run: begun.run, steps: begun.report.steps, verified };
  printKept({ ...report, findings: [], lost: [], elsewhere: true, interrupted: false, probes: [] }, options);
  return verified ? 0 : 1;
}
