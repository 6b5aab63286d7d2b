import { setTimeout as passed } from 'node:timers/promises';
import type { ActingHost } from '../hosts/host.ts';
import type { Lang } from '../lang.ts';
import type { Guard } from '../leases/guards.ts';
import { judgeLeases } from '../leases/judge.ts';
import { DEFAULT_GRACE_MS } from '../leases/model.ts';
import { type JudgedLeases, observeAndJudge, observeLeases } from '../leases/observe.ts';
import { reclaimNow } from '../leases/reclaim.ts';
import { isUncertain, networkReports } from '../leases/report.ts';
import { carryOut } from '../remedies/fix-run.ts';
import { bootIdOf } from '../remedies/interrupted.ts';
import { JournalError } from '../remedies/journal.ts';
import type { RunReport, StepReport } from '../remedies/run-plan.ts';
import type { PlannedRemedy } from '../remedies/run-record.ts';
import type { Step } from '../remedies/step.ts';
import { leasesJson } from '../report/leases-json.ts';
import type { LeaseScope } from '../snapshot/leases.ts';
import { VERSION } from '../version.ts';
import { actingHost } from './acting-host.ts';
import { line } from './change-text.ts';
import { CHANGE_WORDS } from './change-words.ts';
import { confirm } from './confirm.ts';
import { catchInterruption } from './interruption.ts';
import { refuseUnknownNetworks, refuseWrongDataDirs } from './known-networks.ts';
import { progressLine } from './progress.ts';
import { notGivenLines, planLines, RECLAIM_WORDS, stepLine, unknownLines } from './reclaim-words.ts';

export interface ReclaimOptions {
  readonly lang: Lang;
  /** Columns of the terminal. */
  readonly width: number;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly scope: LeaseScope;
  readonly graceMs?: number;
  readonly dryRun: boolean;
  readonly yes: boolean;
  /** Where no clock tells how old leases are: to look at them again once the grace time has passed. */
  readonly wait: boolean;
  readonly max?: number;
  readonly host?: string;
}

/** What came of it. */
interface Outcome {
  /** The last look. */
  readonly seen: JudgedLeases;
  readonly run: RunReport | undefined;
}

/** What tests put in the place of the real. */
export interface ReclaimParts {
  /** All, but in the tests of what each is there for. */
  readonly guards?: readonly Guard[];
  /** Resolves when so many milliseconds have passed. */
  readonly pause: (ms: number) => Promise<unknown>;
}

/** The whole of `leases reclaim`; returns the exit status. */
export async function runReclaim(options: ReclaimOptions): Promise<number> {
  if (options.host === undefined) refuseWrongDataDirs(options.scope.dataDirs);
  return reclaimOn(await actingHost(options), options);
}

/** `leases reclaim` on a node that is reached already, with its journals in a directory. */
export async function reclaimOn(
  { host, directory }: { readonly host: ActingHost; readonly directory: string },
  options: ReclaimOptions,
  parts: ReclaimParts = { pause: passed },
): Promise<number> {
  const looking = { host, options, guards: parts.guards };
  const first = await look(looking);
  refuseUnknownNetworks([first], options.scope.networks);
  const waitMs = waitFor(first, options);
  if (waitMs > 0) {
    process.stderr.write(line(RECLAIM_WORDS[options.lang].waits(waitMs)));
    await parts.pause(waitMs);
  }
  const latest = waitMs > 0 ? await lookAgain(first, looking) : first;
  const plan = planOf(latest, options);
  const words = RECLAIM_WORDS[options.lang];
  // Standard output carries the result only: with --json the plan is for the person at the terminal.
  const show = options.json ? process.stderr : process.stdout;
  if (!options.json || (!options.yes && !options.dryRun)) show.write(planLines(host.name, plan, options));
  if (plan.length === 0 || options.dryRun) return conclude({ seen: latest, run: undefined }, options);
  if (!(await confirm(words.ask, options.yes))) {
    process.stderr.write(line(CHANGE_WORDS[options.lang].declined));
    return 1;
  }
  try {
    const run = await giveBack(directory, first, looking);
    const last = () => (waitMs > 0 ? lookAgain(first, looking) : look(looking));
    return conclude({ seen: run ? await last() : latest, run }, options);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    process.stderr.write(line(`hayward: ${error.message}`));
    return 1;
  }
}

interface Looking {
  readonly host: ActingHost;
  readonly options: ReclaimOptions;
  readonly guards: ReclaimParts['guards'];
}

async function look({ host, options, guards }: Looking): Promise<JudgedLeases> {
  const { scope, graceMs = DEFAULT_GRACE_MS, quiet } = options;
  const progress = progressLine(!quiet);
  progress.update(host.name);
  const seen = await observeAndJudge(host, scope, graceMs, guards && { guards });
  progress.end();
  return seen;
}

/** Looks at everything once more, and judges by both looks. */
async function lookAgain(first: JudgedLeases, { host, options, guards }: Looking): Promise<JudgedLeases> {
  const { scope, graceMs = DEFAULT_GRACE_MS } = options;
  const seen = await observeLeases(host, scope);
  return { ...seen, verdicts: judgeLeases(seen.look, first.look, { ...seen.times, graceMs }, guards) };
}

/** /proc/uptime counts hundredths of a second. */
const UPTIME_GRAIN_MS = 10;

/** How long to wait before leases whose age no clock tells are looked at again; 0 where others can go at once. */
function waitFor({ verdicts }: JudgedLeases, { wait, dryRun, graceMs = DEFAULT_GRACE_MS }: ReclaimOptions): number {
  const others = verdicts.some(({ state }) => state === 'leaked');
  const helps = wait && !dryRun && !others && verdicts.some(({ ageUntold }) => ageUntold);
  return helps ? graceMs + UPTIME_GRAIN_MS : 0;
}

function planOf({ verdicts, look: seen }: JudgedLeases, { max }: ReclaimOptions): readonly PlannedRemedy[] {
  const remedy = reclaimNow(verdicts, seen);
  if (!remedy) return [];
  const steps = remedy.steps.slice(0, max);
  return steps.length === 0 ? [] : [{ ...remedy, steps, problem: 'cni-lease-leak' }];
}

/** Looks at everything a second time, and gives back what both looks prove leaked. */
async function giveBack(directory: string, first: JudgedLeases, looking: Looking): Promise<RunReport | undefined> {
  const { host, options } = looking;
  const { lang, json } = options;
  const plan = planOf(await lookAgain(first, looking), options);
  if (plan.length === 0) return undefined;
  const interruption = catchInterruption(() => process.stderr.write(line(CHANGE_WORDS[lang].interrupted)));
  try {
    return await carryOut({
      host,
      directory,
      bootId: await bootIdOf(host),
      tool: VERSION,
      plan,
      scopes: ['now'],
      resumes: undefined,
      // Whether leases are left is judged by the last look, and nothing persists that hangs on it.
      judge: async () => [],
      notice: (text) => process.stderr.write(line(`hayward: ${text[lang]}`)),
      signal: interruption.signal,
      onStep: (step) => void (json || process.stdout.write(stepLine(step, options))),
    });
  } finally {
    interruption.restore();
  }
}

function conclude(outcome: Outcome, options: ReclaimOptions): number {
  const reports = outcome.run?.steps ?? [];
  const failed = reports.filter(({ result }) => result === 'failed');
  const reclaimed = reports.filter(({ result }) => result === 'verified').flatMap(({ step }) => addressOf(step));
  const { run } = outcome;
  const undo =
    run && ['hayward undo', run.run, ...(options.host === undefined ? [] : ['--host', options.host])].join(' ');
  const told = { ...outcome, reclaimed, failed, undo };
  for (const piece of options.json ? asJson(told, options) : [asText(told, options)]) process.stdout.write(piece);
  return failed.length > 0 ? 1 : statusOf(outcome.seen);
}

interface Told extends Outcome {
  readonly reclaimed: readonly string[];
  readonly failed: readonly StepReport[];
  /** The command that takes it back. */
  readonly undo: string | undefined;
}

function asJson({ seen, run, reclaimed, failed, undo }: Told, { lang, dryRun }: ReclaimOptions): Iterable<string> {
  const networks = networkReports({ seen, history: [], lang });
  const failures = failed.map(({ step, detail }) => ({ ip: addressOf(step)[0], detail: detail[lang] }));
  const head = { reclaimed, failures, dryRun, run: run?.run ?? '', ...(undo && { undo }) };
  return leasesJson(head, networks, lang);
}

function asText({ seen, run, reclaimed, failed, undo }: Told, options: ReclaimOptions): string {
  const { lang, dryRun } = options;
  const given = reclaimed.length === 0 ? '' : line(RECLAIM_WORDS[lang].done(reclaimed.length));
  const left = notGivenLines(
    failed.flatMap(({ step }) => addressOf(step)),
    run?.steps.filter(({ result }) => result === 'skipped').length ?? 0,
    options,
  );
  const takenBack = undo && reclaimed.length > 0 ? line(CHANGE_WORDS[lang].undoWith(undo)) : '';
  return unknownLines(seen, lang) + given + left + takenBack + (dryRun ? line(CHANGE_WORDS[lang].dryRun) : '');
}

/** A range that is full of living Pods is for `leases` to tell: here nothing is left to do about it. */
function statusOf(seen: JudgedLeases): 0 | 1 | 3 {
  if (seen.verdicts.some(({ state }) => state === 'leaked')) return 1;
  return isUncertain(seen) ? 3 : 0;
}

function addressOf(step: Step): readonly string[] {
  return step.kind === 'release-lease' ? [step.path.slice(step.path.lastIndexOf('/') + 1)] : [];
}
