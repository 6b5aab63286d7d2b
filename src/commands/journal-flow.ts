import type { ActingHost } from '../hosts/host.ts';
import type { Lang } from '../lang.ts';
import { describeStep } from '../remedies/describe.ts';
import { bootIdOf, isInterrupted } from '../remedies/interrupted.ts';
import type { RunRecord } from '../remedies/run-record.ts';
import { type Standing, standingOf } from '../remedies/standing.ts';
import { isWatchedOver } from '../remedies/trial/settle.ts';
import { actingHost } from './acting-host.ts';
import { block, jsonText, type Layout, line } from './change-text.ts';
import { CHANGE_WORDS } from './change-words.ts';
import { readableRuns } from './readable-runs.ts';
import { type TrialTold, trialText, trialTold } from './trial-told.ts';

export interface JournalOptions {
  readonly lang: Lang;
  readonly json: boolean;
  readonly width: number;
  readonly host?: string;
}

/** The whole of `journal`; returns the exit status. */
export async function runJournal(options: JournalOptions): Promise<number> {
  const { host, directory } = await actingHost(options);
  const { runs, corrupt } = readableRuns(directory, options.lang);
  const bootId = runs.length > 0 ? await bootIdOf(host) : '';
  const entries: Entry[] = [];
  for (const run of runs.toReversed()) entries.push(await entryOf({ host, directory, bootId }, run, options.lang));
  if (options.json) process.stdout.write(jsonText({ target: host.name, runs: entries, corrupt }));
  else process.stdout.write(text(entries, corrupt, options));
  return 0;
}

interface Entry {
  readonly run: string;
  readonly at: string;
  readonly problems: readonly string[];
  readonly interrupted: boolean;
  /** Where it was done on trial: how that stands, and what is to be known besides. */
  readonly trial?: TrialTold;
  readonly steps: readonly { readonly does: string; readonly state: Standing }[];
}

interface Place {
  readonly host: ActingHost;
  readonly directory: string;
  readonly bootId: string;
}

/** What was changed, and how each change stands now on the node. */
async function entryOf({ host, directory, bootId }: Place, run: RunRecord, lang: Lang): Promise<Entry> {
  const steps: { does: string; state: Standing }[] = [];
  for (const record of run.steps.filter(({ step }) => step.kind !== 'reload')) {
    const state = await standingOf(host, record, bootId === run.bootId);
    steps.push({ does: describeStep(record.step, lang).does, state });
  }
  const problems = [...new Set(run.steps.map(({ remedy }) => remedy.problem))];
  const trial = trialTold(run, isWatchedOver(directory, run, bootId), lang);
  return { run: run.run, at: run.at, problems, interrupted: isInterrupted(run), ...(trial && { trial }), steps };
}

function text(entries: readonly Entry[], corrupt: readonly { run: string; why: string }[], layout: Layout): string {
  const words = CHANGE_WORDS[layout.lang];
  const broken = corrupt.map(({ run, why }) => line(words.corrupt(run, why)));
  if (entries.length === 0) return broken.join('') + line(words.noRuns);
  const listed = entries.map(({ run, at, problems, interrupted, trial, steps }) => {
    const standing = steps.filter(({ state }) => state === 'stands').length;
    const state = standing > 0 ? words.stands(standing, steps.length) : words.standsNot;
    const remarks = [...(interrupted ? [words.wasInterrupted] : []), ...(trial ? [trialText(trial, layout.lang)] : [])];
    const head = [run, at, problems.join(', '), state, ...remarks].join(' · ');
    return (
      block('', head, layout) +
      steps.map(({ state: now, does }) => block('  ', words.standing[now] + words.colon + does, layout)).join('')
    );
  });
  return [...broken, ...listed].join('');
}
