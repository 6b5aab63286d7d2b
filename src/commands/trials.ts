import type { Chosen } from '../remedies/choose.ts';
import { bootIdOf, isOpenTrial, readRuns } from '../remedies/interrupted.ts';
import { JournalError } from '../remedies/journal.ts';
import { guardedLock } from '../remedies/run-lock.ts';
import { isWatchedOver, onTrialWords, settleTrial } from '../remedies/trial/settle.ts';
import { actingHost } from './acting-host.ts';
import { line } from './change-text.ts';
import type { FixOptions } from './fix-prepare.ts';
import { TRIAL_WORDS } from './trial-words.ts';

/**
 * Runs on trial met before a fix looks at the node: what nobody watches over any more is taken back and told, so that what
 * is judged then is not half tried. Answers with words where one is still on trial, or cannot be settled now.
 */
export async function settleLeftTrials(options: FixOptions, onlyLooks: boolean): Promise<string | undefined> {
  const { lang } = options;
  const { host, directory } = await actingHost(options);
  try {
    const open = readRuns(directory).runs.filter(isOpenTrial);
    if (open.length === 0) return undefined;
    const bootId = await bootIdOf(host);
    if (onlyLooks) {
      const watched = open.find((run) => isWatchedOver(directory, run, bootId));
      return watched ? onTrialWords(watched)[lang] : TRIAL_WORDS[lang].state.leftBehind;
    }
    const { keptBy } = await import('./guard-keeps.ts');
    const notice = (text: { readonly [one in typeof lang]: string }) =>
      void process.stderr.write(line(`hayward: ${text[lang]}`));
    const lock = guardedLock(directory);
    try {
      for (const run of open) await settleTrial({ host, directory, bootId, notice, keptBy }, run);
    } finally {
      lock.release();
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    // What cannot be read is met again, and told, when the journal is written.
    return error.code === 'EBUSY' ? error.words[lang] : undefined;
  }
}

/** Why a fix over ssh is not made without a trial, with the command that makes it; undefined: it may be. */
export function sessionRefusal({ left }: Chosen, { lang, problems, host }: FixOptions): string | undefined {
  const cut = left.filter(({ why }) => why === 'session').map(({ finding }) => finding.problem);
  if (cut.length === 0) return undefined;
  const command = ['hayward fix', ...(problems ?? []), '--try 120s'].join(' ');
  const words = TRIAL_WORDS[lang];
  const refused = host === undefined ? words.refused : words.refusedFromHere;
  return refused([...new Set(cut)].join(', '), command);
}
