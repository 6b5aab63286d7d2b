import { followUndo, isInstall, systemdRuns } from '../guard/live/install.ts';
import { GUARD_UNIT } from '../guard/live/unit.ts';
import type { GuardStatus } from '../guard/model.ts';
import { GUARD_REMEDY } from '../guard/repair/repairs.ts';
import { askGuard } from '../guard/tell/control.ts';
import type { ActingHost } from '../hosts/host.ts';
import type { Bilingual, Lang } from '../lang.ts';
import { bootIdOf, type Runs, stands } from '../remedies/interrupted.ts';
import { JournalError } from '../remedies/journal.ts';
import { openForUndo } from '../remedies/open-for-undo.ts';
import { guardedLock } from '../remedies/run-lock.ts';
import type { RunReport, StepReport } from '../remedies/run-plan.ts';
import type { RunRecord } from '../remedies/run-record.ts';
import { undoOpened } from '../remedies/trial/take-back.ts';
import { actingHost, warnWithoutRoot } from './acting-host.ts';
import { block, jsonText, line, resultJson, resultText, standingText } from './change-text.ts';
import { CHANGE_WORDS } from './change-words.ts';
import { confirm } from './confirm.ts';
import { placesHere } from './guard-control.ts';
import { catchInterruption } from './interruption.ts';
import { readableRuns } from './readable-runs.ts';
import { nearest, UsageError } from './usage.ts';

export interface UndoFlowOptions {
  readonly lang: Lang;
  readonly json: boolean;
  readonly width: number;
  readonly yes: boolean;
  readonly run?: string;
  readonly host?: string;
}

/** The whole of `undo`; returns the exit status. */
export async function runUndo(options: UndoFlowOptions): Promise<number> {
  const words = CHANGE_WORDS[options.lang];
  const { host, directory } = await actingHost(options);
  const found = readableRuns(directory, options.lang);
  const run = chooseRun(found, options.run);
  if (!run) {
    if (options.json) process.stdout.write(jsonText({ run: '', steps: [], verified: true }));
    else process.stdout.write(line(found.runs.length === 0 ? words.noRuns : words.nothingStands));
    return 0;
  }
  const kept = await whyNotNow(run, options);
  if (kept !== undefined) {
    notice(kept);
    return 1;
  }
  const show = options.json ? process.stderr : process.stdout;
  if (!options.json || !options.yes) show.write(standingText(run, host.name, options));
  warnWithoutRoot(host, words.notRoot);
  if (!(await confirm(words.askUndo, options.yes))) {
    process.stderr.write(line(words.declined));
    return 1;
  }
  try {
    return await takeBack({ host, directory, run, found }, options);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    notice(error.words[options.lang]);
    return 1;
  }
}

/** The run named, or the last of which something may still stand. */
function chooseRun({ runs, corrupt }: Runs, named: string | undefined): RunRecord | undefined {
  if (named === undefined) return runs.findLast(stands);
  const run = runs.find((one) => one.run === named);
  if (run) return stands(run) ? run : undefined;
  const broken = corrupt.find((one) => one.run === named);
  if (broken) throw new UsageError(`the journal of run ${named} is corrupt: ${broken.why}`);
  const ids = runs.map((one) => one.run);
  throw new UsageError(`there is no run '${named}'`, nearest(named, ids) ?? ids.at(-1));
}

/** Why taking it back would not last; undefined where it would. */
async function whyNotNow(run: RunRecord, { host, lang }: UndoFlowOptions): Promise<string | undefined> {
  const keeper = await keeperOf(run, host);
  if (keeper === undefined) return undefined;
  const words = CHANGE_WORDS[lang];
  return keeper === 'ended' ? words.heldByEnded : words.guarded(keeper);
}

/** The process of a guard that would put right again at once what is taken back here; `ended`: only its program is left. */
async function keeperOf({ steps }: RunRecord, host: string | undefined): Promise<number | 'ended' | undefined> {
  if (host !== undefined || !steps.some(({ remedy }) => remedy.id === GUARD_REMEDY)) return undefined;
  const { socket, run } = placesHere();
  const answer = await askGuard(socket, 'GET', '/v1/status');
  if (answer.kind === 'nobody') {
    const { heldHere } = await import('../guard/hold/on-node.ts');
    const held = heldHere(run);
    return held.known && held.value.attached && held.value.mode === 'hold' ? 'ended' : undefined;
  }
  if (answer.kind !== 'answered' || answer.status !== 200) return undefined;
  const { pid, paused, enforce } = JSON.parse(answer.body) as GuardStatus;
  const acts = enforce?.inForce === 'kernel' || enforce?.inForce === 'poll';
  return acts && !paused && pid !== null ? pid : undefined;
}

/** What became of the service that an installation of the guard started. */
const GUARD_SERVICE: Readonly<Record<Awaited<ReturnType<typeof followUndo>>, Bilingual>> = {
  stopped: {
    en: `${GUARD_UNIT} was stopped; what it held stays held until hayward guard release, or for five minutes`,
    'zh-CN': `${GUARD_UNIT} 已停止；其守护内容保留至 hayward guard release，或五分钟后失效`,
  },
  restarted: {
    en: `${GUARD_UNIT} runs again as it was installed before`,
    'zh-CN': `${GUARD_UNIT} 已按先前的安装重新运行`,
  },
};

interface Undo {
  readonly host: ActingHost;
  readonly directory: string;
  readonly run: RunRecord;
  readonly found: Runs;
}

async function takeBack(undo: Undo, options: UndoFlowOptions): Promise<number> {
  const { lang, json } = options;
  const words = CHANGE_WORDS[lang];
  const interruption = catchInterruption(() => process.stderr.write(line(words.interrupted)));
  const opened = await openForUndo({ ...undo, lock: async () => guardedLock(undo.directory) });
  for (const text of opened.notices) notice(text[lang]);
  const { journal, release } = opened;
  try {
    const parts = {
      host: undo.host,
      directory: undo.directory,
      bootId: await bootIdOf(undo.host),
      signal: interruption.signal,
      onStep: (step: StepReport) => void (json || process.stdout.write(resultText(step, options))),
    };
    const here = options.host === undefined && { keptBy: (await import('./guard-keeps.ts')).keptBy };
    const { note, ...report } = await undoOpened({ ...parts, ...here }, journal);
    if (note) notice(note[lang]);
    print(report, options, report.verified ? undefined : runBefore(undo));
    if (report.verified && isInstall(undo.run) && (await systemdRuns(undo.host))) {
      const became = await followUndo(undo.host);
      if (!json) process.stdout.write(line(GUARD_SERVICE[became][lang]));
    }
    return report.verified ? 0 : 1;
  } finally {
    journal.close();
    release();
    interruption.restore();
  }
}

function notice(text: string): void {
  process.stderr.write(line(`hayward: ${text}`));
}

/**
 * The run that stands before one which could not be taken back whole. Undo goes no further by itself: who wants the last
 * fix taken back does not want an older one taken back instead.
 */
function runBefore({ run, found }: Undo): string | undefined {
  return found.runs.slice(0, found.runs.indexOf(run)).findLast(stands)?.run;
}

function print({ run, verified, steps }: RunReport, options: UndoFlowOptions, before: string | undefined): void {
  const { lang, json, host } = options;
  const words = CHANGE_WORDS[lang];
  if (json) {
    const told = { run, steps: steps.map((step) => resultJson(step, lang)), verified, ...(before && { before }) };
    process.stdout.write(jsonText(told));
    return;
  }
  process.stdout.write(line(verified ? words.undone(run) : words.notUndone(run)));
  const command = `hayward undo ${before}${host === undefined ? '' : ` --host ${host}`}`;
  if (before !== undefined) process.stdout.write(block('', words.runBefore(command), options));
}
