import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Via } from '../hosts/capture.ts';
import type { Bilingual } from '../lang.ts';
import { runIdAfter } from './run-id.ts';
import {
  advance,
  type JournalRecord,
  type PlannedRemedy,
  plannedSteps,
  type RunRecord,
  readJournal,
  type StepRecord,
} from './run-record.ts';
import { afterEvent, type Trial, type TrialEvent, type TrialTerms } from './trial/trial-record.ts';

/** A journal that cannot be used: nothing may be changed without it. One clear line. */
export class JournalError extends Error {
  readonly words: Bilingual;
  readonly code: string;
  constructor(words: Bilingual, code: string, options?: ErrorOptions) {
    super(words.en, options);
    this.name = 'JournalError';
    this.words = words;
    this.code = code;
  }
}

type WithoutTime<T> = T extends JournalRecord ? Omit<T, 'at'> : never;
/** A line about one step, its time left to the journal. */
export type StepEvent = WithoutTime<Extract<JournalRecord, { readonly step: number }>>;

/** The journal of one run, open for writing: what is recorded is on the disk before `record` returns. */
export interface Journal {
  readonly run: string;
  readonly path: string;
  readonly bootId: string;
  steps(): readonly StepRecord[];
  /** Undefined: the run is not on trial. */
  trial(): Trial | undefined;
  /** Whether it came to an end before. */
  readonly ended: boolean;
  /** Several events go to the disk together. Throws JournalError; what was recorded before stays readable. */
  record(...events: readonly StepEvent[]): void;
  /** Adds to the plan of a run that is taken up again. */
  resume(plan: readonly PlannedRemedy[]): void;
  /** What becomes of the trial. Throws JournalError. */
  tell(event: WithoutTime<TrialEvent>): void;
  end(how: 'verified' | 'failed' | 'interrupted', note?: Bilingual): void;
  close(): void;
}

export interface NewRun {
  readonly target: { readonly name: string; readonly via: Via };
  readonly bootId: string;
  readonly tool: string;
  readonly plan: readonly PlannedRemedy[];
  readonly trial?: TrialTerms;
}

/**
 * Makes the directory (0700) that holds a target's journals, and has it on the disk. Throws JournalError. One by one:
 * mkdir's `recursive` never comes back where a file system answers ENOENT below a directory that is there (/proc).
 */
export function makeJournalDirectory(directory: string): void {
  guarded(directory, () => {
    const missing: string[] = [];
    for (let at = resolve(directory); !existsSync(at); at = dirname(at)) missing.unshift(at);
    for (const path of missing) {
      makeDirectory(path);
      // A directory is found after a crash when the one that holds its name is synced (fsync(2)).
      syncDirectory(dirname(path));
    }
  });
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another hayward was quicker.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Begins a run: its header is on the disk when this returns. Throws JournalError. */
export function createJournal(directory: string, header: NewRun, now: () => Date = () => new Date()): Journal {
  const run = runIdAfter(listRuns(directory).at(-1), now());
  const path = join(directory, `${run}.jsonl`);
  const file = guarded(path, () => openSync(path, 'ax', 0o600));
  const { bootId, plan } = header;
  const trial = header.trial && { ...header.trial, left: false };
  const journal = writer({ run, path, file, bootId, steps: plannedSteps(plan, 0), trial, ended: false, size: 0, now });
  try {
    journal.write({ type: 'run', schema: 1, run, at: now().toISOString(), ...header });
    guarded(path, () => syncDirectory(dirname(path)));
  } catch (error) {
    closeSync(file);
    throw error;
  }
  return journal;
}

/** Opens an earlier run's journal to go on with it; a line that was cut short is taken off first. Throws JournalError. */
export function reopenJournal(directory: string, run: string, now: () => Date = () => new Date()): Journal {
  const path = join(directory, `${run}.jsonl`);
  const record = readRun(directory, run);
  if ('corrupt' in record) {
    const words = { en: `${path}: ${record.corrupt}`, 'zh-CN': `日志 ${path} 已损坏：${record.corrupt}` };
    throw new JournalError(words, 'ECORRUPT');
  }
  const file = guarded(path, () => openSync(path, 'a', 0o600));
  guarded(path, () => ftruncateSync(file, record.validBytes));
  return writer({
    run,
    path,
    file,
    bootId: record.bootId,
    steps: [...record.steps],
    trial: record.trial,
    ended: record.end !== undefined,
    size: record.validBytes,
    now,
  });
}

/**
 * A journal that can be read but no longer written to (a full disk, a read-only file system): what is recorded is
 * forgotten. For undo only, which needs what the journal holds and can be repeated.
 */
export function readOnlyJournal(directory: string, run: RunRecord): Journal {
  const steps = [...run.steps];
  let { trial } = run;
  return {
    run: run.run,
    path: join(directory, `${run.run}.jsonl`),
    bootId: run.bootId,
    ended: run.end !== undefined,
    steps: () => steps,
    trial: () => trial,
    tell(event) {
      trial = trial && afterEvent(trial, { ...event, at: '' } as TrialEvent);
    },
    record(...events) {
      for (const event of events) {
        const step = steps[event.step];
        if (step) steps[event.step] = advance(step, { ...event, at: '' } as Parameters<typeof advance>[1]);
      }
    },
    resume() {},
    end() {},
    close() {},
  };
}

interface WriterState {
  readonly run: string;
  readonly path: string;
  readonly file: number;
  readonly bootId: string;
  readonly steps: StepRecord[];
  trial: Trial | undefined;
  readonly ended: boolean;
  size: number;
  readonly now: () => Date;
}

function writer(state: WriterState): Journal & { write(record: JournalRecord): void } {
  const { run, path, file, bootId, steps, ended, now } = state;
  function write(...records: readonly JournalRecord[]): void {
    const lines = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    guarded(path, () => {
      try {
        for (let at = 0; at < lines.length; ) at += writeSync(file, lines, at);
        fsyncSync(file);
        state.size += lines.length;
      } catch (error) {
        // Half a line would make the next one unreadable.
        ftruncateSync(file, state.size);
        throw error;
      }
    });
  }
  const at = () => now().toISOString();
  return {
    run,
    path,
    bootId,
    ended,
    write,
    steps: () => steps,
    trial: () => state.trial,
    tell(event) {
      const record = { ...event, at: at() } as TrialEvent;
      write(record);
      state.trial = state.trial && afterEvent(state.trial, record);
    },
    record(...events) {
      const records = events.map((event) => ({ ...event, at: at() }) as Parameters<typeof advance>[1]);
      const unplanned = records.find(({ step }) => !steps[step]);
      if (unplanned) throw new RangeError(`step ${unplanned.step} is not in the plan`);
      write(...records);
      for (const record of records) steps[record.step] = advance(steps[record.step] as StepRecord, record);
    },
    resume(plan) {
      write({ type: 'resumed', at: at(), plan });
      steps.push(...plannedSteps(plan, steps.length));
    },
    end: (how, note) => write({ type: 'end', at: at(), how, ...(note && { note }) }),
    close: () => closeSync(file),
  };
}

/** Ids of the runs in a directory, oldest first. An absent directory holds none. Throws JournalError. */
export function listRuns(directory: string): readonly string[] {
  return guarded(directory, () => {
    try {
      return readdirSync(directory)
        .filter((name) => name.endsWith('.jsonl'))
        .map((name) => name.slice(0, -'.jsonl'.length))
        .sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  });
}

/** What a run's journal tells. Throws JournalError where it cannot be read at all. */
export function readRun(directory: string, run: string): ReturnType<typeof readJournal> {
  const path = join(directory, `${run}.jsonl`);
  return readJournal(guarded(path, () => readFileSync(path, 'utf8')));
}

/** Puts an unusable journal out of the way, kept for a person to look at. Returns its new path. */
export function setAside(directory: string, run: string): string {
  const path = join(directory, `${run}.jsonl`);
  const aside = `${path}.corrupt`;
  guarded(path, () => renameSync(path, aside));
  return aside;
}

function syncDirectory(directory: string): void {
  const file = openSync(directory, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The file system's refusals as one clear line. */
export function guarded<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const words = { en: `the journal ${path} cannot be used: ${message}`, 'zh-CN': `无法使用日志 ${path}：${message}` };
    throw new JournalError(words, code, { cause: error });
  }
}
