import { type Examination, examine } from '../examine.ts';
import type { ActingHost } from '../hosts/host.ts';
import type { Finding, Severity } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import type { ProfileName } from '../profiles/profile.ts';
import { type Chosen, chooseRemedies, stillWanted } from '../remedies/choose.ts';
import { carryOut, type FixReport } from '../remedies/fix-run.ts';
import { bootIdOf, readRuns, remainder } from '../remedies/interrupted.ts';
import { JournalError } from '../remedies/journal.ts';
import type { Remedy } from '../remedies/remedy.ts';
import type { PlannedRemedy, RunRecord } from '../remedies/run-record.ts';
import { sessionLinks } from '../remedies/session-links.ts';
import { exitStatus } from '../report/exit-status.ts';
import { VERSION } from '../version.ts';
import { actingHost, warnWithoutRoot } from './acting-host.ts';
import { jsonText, leftText, line, planText, resultJson, resultText, stillText, unseenText } from './change-text.ts';
import { CHANGE_WORDS } from './change-words.ts';
import { confirm } from './confirm.ts';
import type { Emission } from './emissions.ts';
import { countingAgainst, leftOpen, lostFromSight, withLasting } from './fix-findings.ts';
import { type ProbePair, probeJson, probesOf, probeText, sendAfter, sendBefore } from './fix-probes.ts';
import { catchInterruption } from './interruption.ts';
import { progressLine } from './progress.ts';

export interface FixOptions {
  readonly lang: Lang;
  readonly json: boolean;
  readonly quiet: boolean;
  /** Show what the files of the plan will hold. */
  readonly verbose: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  readonly failOn: Extract<Severity, 'critical' | 'warning'>;
  readonly profile?: ProfileName;
  readonly problems?: readonly string[];
  readonly host?: string;
  readonly scopes: readonly Remedy['scope'][];
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly emit: readonly Emission[];
  /** Send real packets before and after, where a remedy names some. */
  readonly probe: boolean;
}

/** Everything known before anything is changed. */
interface Prepared {
  readonly host: ActingHost;
  readonly directory: string;
  readonly bootId: string;
  readonly seen: Examination;
  readonly chosen: Chosen;
  readonly resumes: RunRecord | undefined;
  /** What is left of an interrupted run, and what is new. */
  readonly plan: readonly PlannedRemedy[];
}

/** The whole of `fix`; returns the exit status. */
export async function runFix(options: FixOptions): Promise<number> {
  const prepared = await prepare(options);
  if (options.emit.length > 0) return emit(prepared, options);
  const words = CHANGE_WORDS[options.lang];
  const { plan, chosen, host, resumes } = prepared;
  // Standard output carries the result only: with --json the plan is for the person at the terminal.
  const show = options.json ? process.stderr : process.stdout;
  if (!options.json || !options.yes) {
    if (resumes) show.write(line(words.resumes(resumes.run)));
    if (plan.length > 0) show.write(planText(host.name, plan, options));
    show.write(leftText(chosen.left, options));
  }
  if (plan.length === 0) return nothingPlanned(prepared, options);
  if (options.dryRun) return dryRun(prepared, options);
  warnWithoutRoot(host, words.notRoot);
  if (!(await confirm(words.ask, options.yes, ', or --dry-run to only look'))) {
    process.stderr.write(line(words.declined));
    return 1;
  }
  return change(prepared, options);
}

async function prepare(options: FixOptions): Promise<Prepared> {
  const { host, directory } = await actingHost(options);
  const progress = progressLine(!options.quiet);
  progress.update(host.name);
  const seen = await look(host, options);
  const [links, bootId] = [seen.snapshot.links, await bootIdOf(host)];
  const chosen = choice(seen.findings, options, await sessionLinks(host, links.known ? links.value : []));
  progress.end();
  const resumes = resumable(directory, bootId, options);
  const rest = resumes ? remainder(resumes, bootId) : [];
  return { host, directory, bootId, seen, chosen, resumes, plan: [...rest, ...without(chosen.plan, rest)] };
}

function choice(
  findings: readonly Finding[],
  { problems, scopes }: FixOptions,
  links: readonly string[] | undefined,
): Chosen {
  return chooseRemedies(findings, { ...(problems && { named: problems }), scopes, sessionLinks: links });
}

/** The new part of the plan, less what a second judgement, where one is called for, does not want any more. */
async function confirmed({ host, chosen, seen }: Prepared, options: FixOptions): Promise<readonly PlannedRemedy[]> {
  if (!chosen.plan.some(({ judgeAgain }) => judgeAgain)) return chosen.plan;
  const { findings } = await look(host, options);
  const { links } = seen.snapshot;
  const again = choice(findings, options, await sessionLinks(host, links.known ? links.value : []));
  return stillWanted(chosen.plan, again.plan);
}

function look(host: ActingHost, { lang, profile, problems }: FixOptions): Promise<Examination> {
  return examine(host, { lang, ...(profile && { profile }), ...(problems && { only: problems }) });
}

/** The last run, when it was interrupted and all that is left of it is asked for now. */
function resumable(directory: string, bootId: string, { problems, scopes }: FixOptions): RunRecord | undefined {
  const last = readable(directory).at(-1);
  if (!last) return undefined;
  const rest = remainder(last, bootId);
  const wanted = ({ problem, scope }: PlannedRemedy) => scopes.includes(scope) && (problems?.includes(problem) ?? true);
  return rest.length > 0 && rest.every(wanted) ? last : undefined;
}

/** What cannot be read is met again, and told, when the journal is written. */
function readable(directory: string): readonly RunRecord[] {
  try {
    return readRuns(directory).runs;
  } catch (error) {
    if (error instanceof JournalError) return [];
    throw error;
  }
}

/** The plan without steps that are in the rest of an interrupted run anyhow. */
function without(plan: readonly PlannedRemedy[], rest: readonly PlannedRemedy[]): readonly PlannedRemedy[] {
  const known = new Set(rest.flatMap(({ steps }) => steps).map((step) => JSON.stringify(step)));
  return plan
    .map((remedy) => ({ ...remedy, steps: remedy.steps.filter((step) => !known.has(JSON.stringify(step))) }))
    .filter(({ steps }) => steps.length > 0);
}

/** The plan for other tools on standard output; what is not in it, for the person, on standard error. */
async function emit({ chosen, seen }: Prepared, options: FixOptions): Promise<number> {
  const { emit: forms, lang } = options;
  const { emitPlan } = await import('../remedies/emit/emit.ts');
  process.stdout.write(forms.map((form) => emitPlan(form, chosen.plan, seen.profile.persistence)).join('\n'));
  process.stderr.write(leftText(chosen.left, options));
  const open = leftOpen(seen.findings, options);
  process.stderr.write(unseenText(open, options));
  if (chosen.plan.length > 0) return 0;
  process.stderr.write(line(CHANGE_WORDS[lang].emptyPlan));
  return open.length > 0 ? 3 : 0;
}

function nothingPlanned({ seen, chosen }: Prepared, options: FixOptions): number {
  const words = CHANGE_WORDS[options.lang];
  const open = leftOpen(seen.findings, options);
  const judged = exitStatus(countingAgainst(seen.findings, options, []), options.failOn);
  const status = judged === 0 && open.length > 0 ? 3 : judged;
  if (options.json) {
    process.stderr.write(unseenText(open, options));
    process.stdout.write(jsonText({ run: '', steps: [], verified: status === 0 }));
  } else {
    const verdict = chosen.left.length > 0 || status === 1 ? words.nothingToDo : words.nothingWrong;
    const foundOut = status === 3 ? words.notKnown : verdict;
    process.stdout.write(line(foundOut) + unseenText(open, options));
  }
  return status;
}

function dryRun({ plan, chosen, seen }: Prepared, options: FixOptions): number {
  const { lang, json } = options;
  const words = CHANGE_WORDS[lang];
  if (json) {
    const detail = { en: words.dryRun, 'zh-CN': words.dryRun };
    const steps = plan.flatMap((remedy) =>
      remedy.steps.map((step) => resultJson({ step, result: 'skipped', detail }, lang)),
    );
    process.stdout.write(jsonText({ run: '', steps, verified: false, dryRun: true }));
  } else {
    process.stdout.write(line(words.dryRun));
  }
  const open = leftOpen(seen.findings, options);
  (json ? process.stderr : process.stdout).write(unseenText(open, options));
  if (chosen.left.length > 0) return 1;
  return open.length > 0 ? 3 : 0;
}

async function change(prepared: Prepared, options: FixOptions): Promise<number> {
  const { host, directory, bootId, resumes } = prepared;
  const { lang, json } = options;
  const words = CHANGE_WORDS[lang];
  const interruption = catchInterruption(() => process.stderr.write(line(words.interrupted)));
  const rest = resumes ? remainder(resumes, bootId) : [];
  try {
    const before = await sendBefore(options.probe ? probesOf(prepared.plan, host) : []);
    const report = await carryOut({
      host,
      directory,
      bootId,
      tool: VERSION,
      plan: without(await confirmed(prepared, options), rest),
      scopes: options.scopes,
      resumes,
      judge: async () => (await look(host, withLasting(options))).findings,
      notice: (text) => process.stderr.write(line(`hayward: ${text[lang]}`)),
      signal: interruption.signal,
      onStep: (step) => void (json || process.stdout.write(resultText(step, options))),
    });
    // Who interrupts wants an end, not another round of packets.
    const interrupted = interruption.signal.aborted;
    return conclude({ ...report, interrupted }, interrupted ? [] : await sendAfter(before), prepared, options);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    process.stderr.write(line(`hayward: ${error.words[lang]}`));
    return 1;
  } finally {
    interruption.restore();
  }
}

/** What the last judgement says of the run. Steps that were read back prove nothing while their problem cannot be seen. */
function verdictOn(report: FixReport, { plan, seen }: Pick<Prepared, 'plan' | 'seen'>, options: FixOptions) {
  const findings = countingAgainst(report.findings, options, plan);
  const judged = exitStatus(findings, options.failOn);
  const lost = lostFromSight(seen.findings, report.findings, plan);
  const status = judged === 0 && lost.length > 0 ? 3 : judged;
  return { findings, lost, status, verified: report.verified && status !== 1 && lost.length === 0 };
}

function conclude(
  report: FixReport & { readonly interrupted: boolean },
  probes: readonly ProbePair[],
  { plan, seen }: Prepared,
  options: FixOptions,
): number {
  const { lang, json, host } = options;
  const words = CHANGE_WORDS[lang];
  const { findings, lost, status, verified } = verdictOn(report, { plan, seen }, options);
  const begun = report.steps.some(({ result }) => result !== 'skipped');
  const undo = begun ? `hayward undo ${report.run}${host === undefined ? '' : ` --host ${host}`}` : undefined;
  if (json) {
    const steps = report.steps.map((step) => resultJson(step, lang));
    process.stdout.write(jsonText({ run: report.run, steps, verified, probes: probeJson(probes), undo }));
  } else {
    const still = findings.filter((one) => one.status === 'problem' && one.severity !== 'info');
    const done = lost.length > 0 ? words.doneUnseen(report.run) : words.done(report.run);
    process.stdout.write(line(report.verified ? done : words.notDone(report.run)));
    process.stdout.write(unseenText(lost, options) + probeText(probes, options) + stillText(still, options));
    if (report.interrupted) process.stdout.write(line(words.carryOn));
    if (undo !== undefined) process.stdout.write(line(words.undoWith(undo)));
  }
  return report.verified ? status : 1;
}
