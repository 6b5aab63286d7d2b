import type { Lang } from '../lang.ts';
import { isOpenTrial } from '../remedies/interrupted.ts';
import type { RunRecord } from '../remedies/run-record.ts';
import type { TrialEnding } from '../remedies/trial/trial-record.ts';
import { TRIAL_WORDS } from './trial-words.ts';

/** How the trial of a run stands, for `journal`. */
export interface TrialTold {
  readonly state: 'on-trial' | 'left-behind' | 'kept' | 'taken-back';
  readonly until?: string;
  readonly why?: TrialEnding;
  readonly note?: string;
}

/** @param watched somebody sees to it that the trial comes to its end. Undefined: the run was not on trial. Pure. */
export function trialTold(run: RunRecord, watched: boolean, lang: Lang): TrialTold | undefined {
  const { trial, note } = run;
  if (!trial) return undefined;
  const more = { ...(trial.until && { until: trial.until }), ...(note && { note: note[lang] }) };
  if (trial.decision?.how === 'kept') return { state: 'kept', ...more };
  if (isOpenTrial(run)) return { state: watched ? 'on-trial' : 'left-behind', ...more };
  return { state: 'taken-back', ...(trial.decision && { why: trial.decision.why }), ...more };
}

/** The same in one line. */
export function trialText({ state, until, why, note }: TrialTold, lang: Lang): string {
  const { state: states, why: whys } = TRIAL_WORDS[lang];
  switch (state) {
    case 'on-trial':
      return states.onTrial(until ?? '…');
    case 'left-behind':
      return states.leftBehind;
    case 'kept':
      return states.kept;
    case 'taken-back':
      return [...(why ? [states.takenBack(whys[why])] : []), ...(note === undefined ? [] : [note])].join(' · ');
  }
}
