import type { Finding } from '../judging/finding.ts';
import type { Bilingual, Lang } from '../lang.ts';
import type { RunReport, StepReport } from '../remedies/run-plan.ts';
import type { TrialEnding } from '../remedies/trial/trial-record.ts';
import type { OnTrial } from '../remedies/trial/trial-run.ts';
import { block, jsonText, line, resultJson, stillText, unseenText } from './change-text.ts';
import { CHANGE_WORDS } from './change-words.ts';
import { TRIAL_WORDS } from './trial-words.ts';

export interface Printing {
  readonly lang: Lang;
  readonly json: boolean;
  readonly width: number;
}

export interface LeftOnTrial extends OnTrial {
  readonly verified: boolean;
  readonly probes: readonly object[];
}

/** That a run waits for its confirmation, and how it is given. */
export function printOnTrial({ run, until, report, verified, probes }: LeftOnTrial, printing: Printing): void {
  const { lang, json } = printing;
  const [words, confirm, undo] = [TRIAL_WORDS[lang], `hayward fix --confirm ${run}`, `hayward undo ${run}`];
  if (json) {
    const trial = { state: 'on-trial', until, confirm };
    const steps = report.steps.map((step) => resultJson(step, lang));
    process.stdout.write(jsonText({ run, steps, verified, trial, probes, undo }));
    return;
  }
  process.stdout.write(block('', words.leaving(run, until), printing) + line(words.keepWith(confirm)));
  process.stdout.write(line(CHANGE_WORDS[lang].undoWith(undo)));
}

export interface KeptRun extends RunReport {
  readonly findings: readonly Finding[];
  readonly lost: readonly Finding[];
  /** By another process, which told the rest. */
  readonly elsewhere?: boolean;
  readonly interrupted: boolean;
  readonly probes: readonly object[];
}

/** That a run was confirmed, and what of it lasts. */
export function printKept(kept: KeptRun, printing: Printing): void {
  const { run, verified, findings, lost, interrupted, probes } = kept;
  const { lang, json } = printing;
  const undo = `hayward undo ${run}`;
  if (json) {
    const steps = kept.steps.map((step) => resultJson(step, lang));
    process.stdout.write(jsonText({ run, steps, verified, trial: { state: 'kept' }, probes, undo }));
    return;
  }
  const words = CHANGE_WORDS[lang];
  const done = lost.length > 0 ? words.doneUnseen(run) : words.done(run);
  const elsewhere = kept.elsewhere ? TRIAL_WORDS[lang].keptElsewhere(run) : done;
  const still = findings.filter((one) => one.status === 'problem' && one.severity !== 'info');
  process.stdout.write(line(verified ? elsewhere : words.notDone(run)));
  process.stdout.write(unseenText(lost, printing) + stillText(still, printing));
  if (interrupted) process.stdout.write(line(words.carryOn));
  process.stdout.write(line(words.undoWith(undo)));
}

export interface TakenBackRun {
  readonly run: string;
  readonly until: string | undefined;
  readonly why: TrialEnding;
  /** Everything was brought back, and read back. */
  readonly complete: boolean;
  readonly note: Bilingual | undefined;
  readonly steps: readonly StepReport[];
}

/** That a run was taken back, and why. */
export function printTakenBack({ run, until, why, complete, note, steps }: TakenBackRun, printing: Printing): void {
  const { lang, json } = printing;
  const words = TRIAL_WORDS[lang];
  if (note) process.stderr.write(line(`hayward: ${note[lang]}`));
  if (json) {
    const trial = { state: 'taken-back', until, why, complete, ...(note && { note: note[lang] }) };
    const told = steps.map((step) => resultJson(step, lang));
    process.stdout.write(jsonText({ run, steps: told, verified: false, trial }));
    return;
  }
  process.stdout.write(block('', complete ? words.takenBack(run, why) : words.notTakenBack(run, why), printing));
}
