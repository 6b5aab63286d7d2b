import { isObject } from '../../plain-object.ts';

/** A process of this boot: its id alone may have been given out again since. */
export interface ProcessName {
  readonly pid: number;
  /** Clock ticks since boot at which it started (proc_pid_stat(5), field 22). */
  readonly start: number;
}

/** What the header of a run on trial says. */
export interface TrialTerms {
  /** Milliseconds after the first change within which it has to be confirmed. */
  readonly lastsMs: number;
  /** The process that carries it out. */
  readonly by: ProcessName;
}

/** Why a run on trial was taken back. */
export type TrialEnding =
  /** Nobody confirmed in time. */
  | 'no-answer'
  /** The answer was no. */
  | 'declined'
  /** A signal, or the terminal went. */
  | 'interrupted'
  /** The tool that asked died. */
  | 'tool-died'
  /** A step failed. */
  | 'failed'
  /** By `hayward undo`. */
  | 'undo'
  /** The watcher was told to end. */
  | 'watcher-ended'
  /** The node was restarted. */
  | 'reboot';

/** Lines of a journal about the trial itself. */
export type TrialEvent =
  /** The clock starts. `untilMs`: of the monotonic clock of the run's boot (CLOCK_MONOTONIC). */
  | { readonly type: 'trial'; readonly at: string; readonly until: string; readonly untilMs: number }
  /** The tool ended on purpose; the run waits for its confirmation without it. */
  | { readonly type: 'left'; readonly at: string }
  /** The first such line of a journal holds; another that lost the race against it says nothing. */
  | { readonly type: 'decided'; readonly at: string; readonly how: 'kept'; readonly who: string }
  | {
      readonly type: 'decided';
      readonly at: string;
      readonly how: 'taken-back';
      readonly who: string;
      readonly why: TrialEnding;
    };

export type Decision = Omit<Extract<TrialEvent, { type: 'decided'; how: 'kept' }>, 'type'> | TakenBack;
type TakenBack = Omit<Extract<TrialEvent, { type: 'decided'; how: 'taken-back' }>, 'type'>;

/** A run on trial as its journal tells. */
export interface Trial extends TrialTerms {
  /** RFC 3339; absent: nothing was changed yet. */
  readonly until?: string;
  readonly untilMs?: number;
  readonly left: boolean;
  readonly decision?: Decision;
}

/** Whether a value from a journal is such a line. */
export function isTrialEvent(value: Readonly<Record<string, unknown>>): boolean {
  switch (value['type']) {
    case 'trial':
      return typeof value['until'] === 'string' && typeof value['untilMs'] === 'number';
    case 'left':
      return true;
    default:
      return (value['how'] === 'kept' || value['how'] === 'taken-back') && typeof value['who'] === 'string';
  }
}

/** Whether a header's terms are terms. */
export function isTerms(value: unknown): value is TrialTerms {
  if (!isObject(value) || typeof value['lastsMs'] !== 'number' || !isObject(value['by'])) return false;
  return Number.isInteger(value['by']['pid']) && typeof value['by']['start'] === 'number';
}

/** The trial after one more line. */
export function afterEvent(trial: Trial, event: TrialEvent): Trial {
  switch (event.type) {
    case 'trial':
      return { ...trial, until: event.until, untilMs: event.untilMs };
    case 'left':
      return { ...trial, left: true };
    case 'decided': {
      if (trial.decision) return trial;
      const { type: _type, ...decision } = event;
      return { ...trial, decision };
    }
  }
}
