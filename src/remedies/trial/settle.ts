import type { Bilingual } from '../../lang.ts';
import { JournalError, reopenJournal } from '../journal.ts';
import type { RunRecord } from '../run-record.ts';
import { type TakingBack, takeBackOpened } from './take-back.ts';
import type { TrialEnding } from './trial-record.ts';
import { lives, takeDownSign, watcherOf } from './watcher.ts';

/** Whether somebody still sees to it that an open trial comes to its end. */
export function isWatchedOver(directory: string, { run, bootId, trial }: RunRecord, presentBoot: string): boolean {
  if (!trial || bootId !== presentBoot) return false;
  return lives(trial.by) || watcherOf(directory, run) !== undefined;
}

/** What became of a trial that nobody watches over. */
export function endingOf({ bootId, trial }: RunRecord, presentBoot: string): TrialEnding {
  if (bootId !== presentBoot) return 'reboot';
  return trial?.left ? 'no-answer' : 'tool-died';
}

/** That a run is on trial, and how it ends. */
export function onTrialWords({ run, trial }: RunRecord): Bilingual {
  const { en, zh } = {
    en: trial?.until ? ` until ${trial.until}` : '',
    zh: trial?.until ? `，至 ${trial.until} 为止` : '',
  };
  return {
    en: `run ${run} is on trial${en}; keep it: hayward fix --confirm ${run}, take it back: hayward undo ${run}`,
    'zh-CN': `运行 ${run} 正在试运行${zh}；保留：hayward fix --confirm ${run}，撤销：hayward undo ${run}`,
  };
}

export interface SettlingTrials extends TakingBack {
  readonly notice: (line: Bilingual) => void;
}

/**
 * An open trial met by another run, under the lock: one that is watched over turns the other away (throws JournalError
 * `EBUSY`), one that was left behind is taken back and told.
 */
export async function settleTrial(parts: SettlingTrials, run: RunRecord): Promise<void> {
  const { directory, bootId, notice } = parts;
  if (isWatchedOver(directory, run, bootId)) throw new JournalError(onTrialWords(run), 'EBUSY');
  const journal = reopenJournal(directory, run.run);
  try {
    const outcome = await takeBackOpened(parts, journal, endingOf(run, bootId));
    if (outcome.kept) return;
    notice({
      en: `run ${run.run} was on trial and nobody watched over it any more; ${
        outcome.report.verified ? 'it is taken back' : 'not everything of it could be taken back'
      }`,
      'zh-CN': `运行 ${run.run} 曾处于试运行，但已无进程看守；${outcome.report.verified ? '现已撤销' : '未能全部撤销'}`,
    });
    if (outcome.note) notice(outcome.note);
  } finally {
    journal.close();
    // That of a watcher that was killed.
    takeDownSign(directory, run.run);
  }
}
