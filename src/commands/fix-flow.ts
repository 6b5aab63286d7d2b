import { carryOut, type FixReport } from '../remedies/fix-run.ts';
import { remainder } from '../remedies/interrupted.ts';
import { JournalError } from '../remedies/journal.ts';
import { exitStatus } from '../report/exit-status.ts';
import { VERSION } from '../version.ts';
import { warnWithoutRoot } from './acting-host.ts';
import {
  block,
  jsonText,
  leftText,
  line,
  planText,
  resultJson,
  resultText,
  stillText,
  unseenText,
} from './change-text.ts';
import { CHANGE_WORDS } from './change-words.ts';
import { confirm } from './confirm.ts';
import { countingAgainst, leftOpen, withLasting } from './fix-findings.ts';
import { confirmed, type FixOptions, look, type Prepared, prepare, without } from './fix-prepare.ts';
import { type ProbePair, probeJson, probesOf, probeText, sendAfter, sendBefore } from './fix-probes.ts';
import { verdictOn } from './fix-verdict.ts';
import { catchInterruption } from './interruption.ts';
import { TRIAL_WORDS } from './trial-words.ts';
import { sessionRefusal, settleLeftTrials } from './trials.ts';

/** The whole of `fix`; returns the exit status. */
export async function runFix(options: FixOptions): Promise<number> {
  const onlyLooks = options.dryRun || options.emit.length > 0;
  const busy = await settleLeftTrials(options, onlyLooks);
  if (busy !== undefined) {
    process.stderr.write(line(`hayward: ${busy}`));
    if (!onlyLooks) return 1;
  }
  const prepared = await prepare(options);
  if (options.emit.length > 0) return emit(prepared, options);
  const refused = options.dryRun ? undefined : sessionRefusal(prepared.chosen, options);
  if (refused !== undefined) {
    process.stderr.write(line(`hayward: ${refused}`));
    return 2;
  }
  showPlan(prepared, options);
  if (prepared.plan.length === 0) return nothingPlanned(prepared, options);
  if (options.dryRun) return dryRun(prepared, options);
  const { tryMs } = options;
  if (tryMs === undefined) return (await goesOn(prepared, options)) ? change(prepared, options) : 1;
  const { changeOnTrial, cannotBeTried } = await import('./fix-trial-flow.ts');
  const cannot = await cannotBeTried(prepared, options);
  if (cannot !== undefined) {
    process.stderr.write(line(`hayward: ${cannot}`));
    return 1;
  }
  return (await goesOn(prepared, options)) ? changeOnTrial(prepared, { ...options, tryMs }) : 1;
}

/** Standard output carries the result only: with --json the plan is for the person at the terminal. */
function showPlan({ plan, chosen, host, resumes }: Prepared, options: FixOptions): void {
  if (options.json && options.yes) return;
  const show = options.json ? process.stderr : process.stdout;
  if (resumes) show.write(line(CHANGE_WORDS[options.lang].resumes(resumes.run)));
  if (plan.length > 0) show.write(planText(host.name, plan, options));
  if (plan.length > 0 && options.tryMs !== undefined) {
    show.write(block('', TRIAL_WORDS[options.lang].head(Math.round(options.tryMs / 1000)), options));
  }
  show.write(leftText(chosen.left, options));
}

async function goesOn({ host }: Prepared, { lang, yes }: FixOptions): Promise<boolean> {
  const words = CHANGE_WORDS[lang];
  warnWithoutRoot(host, words.notRoot);
  if (await confirm(words.ask, yes, ', or --dry-run to only look')) return true;
  process.stderr.write(line(words.declined));
  return false;
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
