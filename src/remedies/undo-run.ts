import type { ActingHost } from '../hosts/host.ts';
import type { Bilingual } from '../lang.ts';
import type { Difference } from './actions.ts';
import { apply, asWanted, differences, isVolatile, observe, plain, restore } from './execute.ts';
import type { Image } from './image.ts';
import { type Journal, JournalError, type StepEvent } from './journal.ts';
import { INTERRUPTED, NOTHING, type RunOptions, type RunReport, type StepReport } from './run-plan.ts';
import { mayStand, type StepRecord } from './run-record.ts';

export interface UndoOptions extends RunOptions {
  /** The node's present boot: settings and modules of an earlier one went with it. */
  readonly bootId: string;
}

const NOTHING_LEFT: Bilingual = { en: 'nothing of it is left', 'zh-CN': '已无需撤销' };
const REBOOTED: Bilingual = {
  en: 'the node was restarted since, and what it is now is not what this run left',
  'zh-CN': '此后节点已重启，当前值并非本次运行所留',
};

/**
 * Takes a run back, last step first, then tells the daemons. A step is taken back only while its value is what this
 * run left there; where something else changed it since, it is left alone and the difference shown. Can be
 * repeated: what a kill interrupted is completed.
 */
export async function undoRun(host: ActingHost, journal: Journal, options: UndoOptions): Promise<RunReport> {
  const reports: StepReport[] = [];
  const sameBoot = options.bootId === journal.bootId;
  const standing = journal.steps().filter(mayStand).reverse();
  for (const record of standing) {
    const report = options.signal?.aborted
      ? ({ step: record.step, result: 'skipped', detail: INTERRUPTED } as const)
      : await undoStep(host, record, journal, sameBoot);
    reports.push(report);
    options.onStep?.(report);
  }
  for (const report of await reloadAll(host, journal, standing)) {
    reports.push(report);
    options.onStep?.(report);
  }
  const verified = reports.every(({ result }) => result === 'undone' || result === 'applied');
  return { run: journal.run, steps: reports, verified };
}

async function undoStep(
  host: ActingHost,
  record: StepRecord,
  journal: Journal,
  sameBoot: boolean,
): Promise<StepReport> {
  const { step, index } = record;
  const before = record.before as Image;
  const present = await observe(host, step);
  if (!present.known) return { step, result: 'failed', detail: plain(present.detail) };
  const plan = planUndo(record, before, present.value, sameBoot);
  if (plan.kind === 'refuse') return { step, result: 'failed', detail: plan.why };
  if (plan.kind === 'leave') {
    note(journal, { type: 'undone', step: index, note: plan.why });
    return { step, result: 'undone', detail: plan.why };
  }
  note(journal, { type: 'undoing', step: index });
  const restored = await restore(host, step, plan.before, record.after);
  if (!restored.ok) return { step, result: 'failed', detail: restored.why };
  const again = await observe(host, step);
  if (!again.known) return { step, result: 'failed', detail: plain(again.detail) };
  const left = differences(step, plan.before, again.value);
  if (left.length > 0 && !restored.note) return { step, result: 'failed', detail: stillDifferent(left) };
  note(journal, { type: 'undone', step: index, ...(restored.note && { note: restored.note }) });
  return { step, result: 'undone', detail: restored.note ?? NOTHING };
}

type UndoPlan =
  | { readonly kind: 'restore'; readonly before: Image }
  | { readonly kind: 'leave'; readonly why: Bilingual }
  | { readonly kind: 'refuse'; readonly why: Bilingual };

function planUndo(record: StepRecord, before: Image, present: Image, sameBoot: boolean): UndoPlan {
  const { step, phase } = record;
  if (isVolatile(step) && !sameBoot) return planAfterReboot(record, before, present);
  // A kill may have come between the writes of taking it back: nothing there is a stranger's.
  if (phase === 'undoing') return { kind: 'restore', before };
  if (differences(step, before, present).length === 0 && differences(step, present, before).length === 0) {
    // A file's directories may have been made before the kill.
    return phase === 'intended' && step.kind === 'file'
      ? { kind: 'restore', before }
      : { kind: 'leave', why: NOTHING_LEFT };
  }
  if (!record.after) {
    return asWanted(step, present)
      ? { kind: 'restore', before }
      : { kind: 'refuse', why: changedSince(differences(step, before, present)) };
  }
  const changed = differences(step, record.after, present);
  return changed.length === 0 ? { kind: 'restore', before } : { kind: 'refuse', why: changedSince(changed) };
}

/**
 * A reboot took the running values along; a file of this run, or another's, may have set them anew. Where the value
 * is still the wanted one it is put back; what the kernel changed along with it then is of another boot.
 */
function planAfterReboot(record: StepRecord, before: Image, present: Image): UndoPlan {
  if (before.kind !== 'setting' || present.kind !== 'setting') return { kind: 'leave', why: REBOOTED };
  const own: Image = { ...before, companions: {} };
  if (differences(record.step, own, present).length === 0) return { kind: 'leave', why: NOTHING_LEFT };
  return asWanted(record.step, present) ? { kind: 'restore', before: own } : { kind: 'leave', why: REBOOTED };
}

/** Daemons are told once each, after all files are as they were. */
async function reloadAll(
  host: ActingHost,
  journal: Journal,
  standing: readonly StepRecord[],
): Promise<readonly StepReport[]> {
  if (standing.length === 0) return [];
  const told = new Map<string, StepRecord>();
  for (const record of journal.steps()) {
    if (record.step.kind === 'reload' && record.before && !record.already) told.set(record.step.what, record);
  }
  const reports: StepReport[] = [];
  for (const { step, before } of told.values()) {
    const done = await apply(host, step, before as Image);
    reports.push({ step, result: done.ok ? 'applied' : 'failed', detail: done.ok ? NOTHING : done.why });
  }
  return reports;
}

/** Taking back needs no journal: what is recorded only spares the next undo a look. */
function note(journal: Journal, event: StepEvent): void {
  try {
    journal.record(event);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
  }
}

function listed(found: readonly Difference[]): string {
  return found.map(({ what, expected, found: now }) => `${what}: ${expected} → ${now}`).join('; ');
}

function changedSince(found: readonly Difference[]): Bilingual {
  return {
    en: `something else changed it since, it is left alone (what this run left → what is there): ${listed(found)}`,
    'zh-CN': `此后已被其他程序改动，保持不动（本次运行所留 → 现值）：${listed(found)}`,
  };
}

function stillDifferent(found: readonly Difference[]): Bilingual {
  return {
    en: `not as it was (former → present): ${listed(found)}`,
    'zh-CN': `未能恢复原状（原值 → 现值）：${listed(found)}`,
  };
}
