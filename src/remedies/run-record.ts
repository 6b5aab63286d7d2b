import type { Via } from '../hosts/capture.ts';
import type { Bilingual } from '../lang.ts';
import { isObject } from '../plain-object.ts';
import type { Image } from './image.ts';
import type { Remedy } from './remedy.ts';
import type { Step } from './step.ts';
import {
  afterEvent,
  isTerms,
  isTrialEvent,
  type Trial,
  type TrialEvent,
  type TrialTerms,
} from './trial/trial-record.ts';

/** A remedy as a run carries it: with the problem it is for. */
export interface PlannedRemedy extends Remedy {
  readonly problem: string;
}

/**
 * One line of a journal. Every change stands between an `intent`, written and synced before it, and a `done` or
 * `failed`; an intent without either is what a kill leaves. Steps are numbered through all plans of the run.
 */
export type JournalRecord =
  | {
      readonly type: 'run';
      readonly schema: 1;
      readonly run: string;
      readonly at: string;
      readonly target: { readonly name: string; readonly via: Via };
      readonly bootId: string;
      readonly tool: string;
      readonly plan: readonly PlannedRemedy[];
      /** It is taken back unless it is confirmed in time. */
      readonly trial?: TrialTerms;
    }
  /** A later `fix` took the run up again and added to it. */
  | { readonly type: 'resumed'; readonly at: string; readonly plan: readonly PlannedRemedy[] }
  | { readonly type: 'intent'; readonly step: number; readonly at: string; readonly before: Image }
  /** `already`: it was as wanted, nothing was written. */
  | {
      readonly type: 'done';
      readonly step: number;
      readonly at: string;
      readonly result: 'applied' | 'already';
      /** Left out where the state after the step could not be read. */
      readonly after?: Image;
    }
  | { readonly type: 'verified'; readonly step: number; readonly at: string }
  | { readonly type: 'failed'; readonly step: number; readonly at: string; readonly why: Bilingual }
  /** An intent left by a kill turned out not to have happened. */
  | { readonly type: 'void'; readonly step: number; readonly at: string }
  /** Written before the first write of taking a step back: from here on its state may lie between. */
  | { readonly type: 'undoing'; readonly step: number; readonly at: string }
  | { readonly type: 'undone'; readonly step: number; readonly at: string; readonly note?: Bilingual }
  /** `note`: what is to be known besides. */
  | {
      readonly type: 'end';
      readonly at: string;
      readonly how: 'verified' | 'failed' | 'interrupted';
      readonly note?: Bilingual;
    }
  | TrialEvent;

type Phase = 'planned' | 'intended' | 'done' | 'failed' | 'void' | 'undoing' | 'undone';

/** One step of a run as its journal tells. */
export interface StepRecord {
  readonly index: number;
  readonly step: Step;
  readonly remedy: PlannedRemedy;
  readonly phase: Phase;
  readonly already: boolean;
  readonly verified: boolean;
  readonly before?: Image;
  readonly after?: Image;
}

/** A whole run as its journal tells. */
export interface RunRecord {
  readonly run: string;
  readonly at: string;
  readonly target: { readonly name: string; readonly via: Via };
  readonly bootId: string;
  readonly tool: string;
  readonly steps: readonly StepRecord[];
  /** Absent: it never came to its end, or was taken up again since. */
  readonly end?: 'verified' | 'failed' | 'interrupted';
  readonly note?: Bilingual;
  readonly trial?: Trial;
}

/** Why a journal cannot be used, in one line. */
export interface CorruptJournal {
  readonly corrupt: string;
}

/**
 * Reads a journal's text. A last line that was cut short is left out (`validBytes` is where it begins); anything
 * else that is no record makes the whole file corrupt.
 */
export function readJournal(text: string): (RunRecord & { readonly validBytes: number }) | CorruptJournal {
  const lines = text.split('\n');
  const cut = lines.pop() ?? '';
  let validBytes = Buffer.byteLength(text) - Buffer.byteLength(cut);
  const records: JournalRecord[] = [];
  for (const [index, line] of lines.entries()) {
    const record = parseRecord(line);
    if (record) records.push(record);
    else if (index === lines.length - 1 && cut === '') validBytes -= Buffer.byteLength(line) + 1;
    else return { corrupt: `line ${index + 1} is no record` };
  }
  const run = foldRecords(records);
  return 'corrupt' in run ? run : { ...run, validBytes };
}

const TRIAL_TYPES = ['trial', 'left', 'decided'];
const STEP_TYPES = ['intent', 'done', 'verified', 'failed', 'void', 'undoing', 'undone'];
const TYPES = new Set(['run', 'resumed', ...STEP_TYPES, 'end', ...TRIAL_TYPES]);

function parseRecord(line: string): JournalRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is JournalRecord {
  if (!isObject(value) || typeof value['at'] !== 'string' || !TYPES.has(String(value['type']))) return false;
  switch (value['type']) {
    case 'run':
      return isHeader(value);
    case 'resumed':
      return isPlan(value);
    case 'end':
      return typeof value['how'] === 'string';
    case 'intent':
      return isStepNumber(value['step']) && isObject(value['before']) && typeof value['before']['kind'] === 'string';
    case 'trial':
    case 'left':
    case 'decided':
      return isTrialEvent(value);
    default:
      return isStepNumber(value['step']);
  }
}

function isHeader(value: Record<string, unknown>): boolean {
  if (value['trial'] !== undefined && !isTerms(value['trial'])) return false;
  return value['schema'] === 1 && typeof value['run'] === 'string' && isTarget(value['target']) && isPlan(value);
}

function isTarget(value: unknown): boolean {
  return isObject(value) && typeof value['name'] === 'string';
}

function isStepNumber(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}

function isPlan(record: Record<string, unknown>): boolean {
  const plan = record['plan'];
  return (
    Array.isArray(plan) &&
    plan.every((remedy) => isObject(remedy) && isObject(remedy['summary']) && isSteps(remedy['steps']))
  );
}

const KINDS = new Set<unknown>([
  'setting',
  'bridge-setting',
  'module',
  'file',
  'reload',
  'enable-unit',
  'release-lease',
]);

function isSteps(value: unknown): value is Step[] {
  return Array.isArray(value) && value.every((step) => isObject(step) && KINDS.has(step['kind']));
}

function foldRecords(records: readonly JournalRecord[]): RunRecord | CorruptJournal {
  const header = records[0];
  if (header?.type !== 'run') return { corrupt: 'it does not begin with the record of a run' };
  const steps: StepRecord[] = plannedSteps(header.plan, 0);
  let end: Extract<JournalRecord, { type: 'end' }> | undefined;
  let trial: Trial | undefined = header.trial && { ...header.trial, left: false };
  for (const record of records.slice(1)) {
    const unfit = foldOne(steps, record);
    if (unfit !== undefined) return { corrupt: unfit };
    if (record.type === 'end') end = record;
    if (record.type === 'resumed') end = undefined;
    if (trial && isOfTrial(record)) trial = afterEvent(trial, record);
  }
  const { run, at, target, bootId, tool } = header;
  const ended = end && { end: end.how, ...(end.note && { note: end.note }) };
  return { run, at, target, bootId, tool, steps, ...ended, ...(trial && { trial }) };
}

function isOfTrial(record: JournalRecord): record is TrialEvent {
  return TRIAL_TYPES.includes(record.type);
}

/** Takes one line into the steps. Returns why it does not fit, if it does not. */
function foldOne(steps: StepRecord[], record: JournalRecord): string | undefined {
  if (record.type === 'run') return 'it holds two runs';
  if (record.type === 'end' || isOfTrial(record)) return undefined;
  if (record.type === 'resumed') {
    steps.push(...plannedSteps(record.plan, steps.length));
    return undefined;
  }
  const step = steps[record.step];
  if (!step) return `it speaks of step ${record.step}, which was never planned`;
  steps[record.step] = advance(step, record);
  return undefined;
}

/** Steps in the order they are carried out, numbered from `first`. */
export function plannedSteps(plan: readonly PlannedRemedy[], first: number): StepRecord[] {
  return plan
    .flatMap((remedy) => remedy.steps.map((step) => ({ step, remedy })))
    .map((one, at) => ({ ...one, index: first + at, phase: 'planned', already: false, verified: false }));
}

type OfStep = Extract<JournalRecord, { readonly step: number }>;

/** A step's record after one more line about it. */
export function advance(step: StepRecord, record: OfStep): StepRecord {
  switch (record.type) {
    case 'intent':
      return { ...step, phase: 'intended', before: record.before };
    case 'done':
      return {
        ...step,
        phase: 'done',
        already: record.result === 'already',
        ...(record.after && { after: record.after }),
      };
    case 'verified':
      return { ...step, verified: true };
    case 'failed':
      return { ...step, phase: 'failed' };
    case 'void':
      return { ...step, phase: 'void' };
    case 'undoing':
      return { ...step, phase: 'undoing' };
    case 'undone':
      return { ...step, phase: 'undone' };
  }
}

/** Something of ours may still stand: undo has a say. */
export function mayStand(step: StepRecord): boolean {
  if (step.step.kind === 'reload' || !step.before || step.already) return false;
  return step.phase === 'intended' || step.phase === 'done' || step.phase === 'failed' || step.phase === 'undoing';
}
