import type { ActingHost } from '../../hosts/host.ts';
import { apply, asWanted, observe, verify } from '../../remedies/execute.ts';
import type { Image } from '../../remedies/image.ts';
import { type Journal, JournalError, type StepEvent } from '../../remedies/journal.ts';
import type { PlannedRemedy, StepRecord } from '../../remedies/run-record.ts';
import type { Step } from '../../remedies/step.ts';
import type { Demand } from '../demand.ts';

/** What became of a repair. */
export type Repair =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly why: string }
  /** Nothing was done yet: its before-image is in the journal, or the journal cannot be written. It may be put right at once. */
  | { readonly kind: 'unjournaled' };

export interface Together {
  readonly host: ActingHost;
  /** Each remedy has one step; no step changes what another one does. */
  readonly wanted: readonly { readonly of: Demand; readonly remedy: PlannedRemedy }[];
  /** Puts remedies into the journal's plan, as its last steps. Throws JournalError. */
  readonly plan: (remedies: readonly PlannedRemedy[]) => Journal;
}

interface Wanted {
  readonly of: Demand;
  readonly remedy: PlannedRemedy;
  readonly step: Step;
  readonly before: Image;
}

/**
 * Changes several things as `runPlan` changes one after the other, with each visit to the disk for all of them: what is
 * wrong must not wait for the journal of thirty others. Throws JournalError while nothing was changed.
 */
export async function changeTogether({ host, wanted, plan }: Together): Promise<ReadonlyMap<Demand, Repair>> {
  const repairs = new Map<Demand, Repair>();
  const open: Wanted[] = [];
  for (const { of, remedy } of wanted) {
    const [step] = remedy.steps;
    if (!step) continue;
    const before = await observe(host, step);
    if (!before.known) repairs.set(of, { kind: 'failed', why: before.detail });
    else if (asWanted(step, before.value)) repairs.set(of, { kind: 'done' });
    else if (isMissing(before.value)) repairs.set(of, { kind: 'failed', why: `${before.source} is gone` });
    else open.push({ of, remedy, step, before: before.value });
  }
  if (open.length === 0) return repairs;
  const journal = plan(open.map(({ remedy }) => remedy));
  const records = journal.steps().slice(-open.length);
  const indexed = open.map((one, at) => ({ ...one, index: (records[at] as StepRecord).index }));
  journal.record(...indexed.map(({ index, before }): StepEvent => ({ type: 'intent', step: index, before })));
  const told: StepEvent[] = [];
  for (const one of indexed) repairs.set(one.of, await change(host, one, told));
  conclude(journal, told, [...repairs.values()]);
  return repairs;
}

/** The file went between the look that found it wrong and this one: there is nothing to be put right. */
function isMissing(image: Image): boolean {
  return (image.kind === 'setting' || image.kind === 'bridge-setting') && image.value === null;
}

async function change(
  host: ActingHost,
  { step, before, index }: Wanted & { readonly index: number },
  told: StepEvent[],
): Promise<Repair> {
  const applied = await apply(host, step, before);
  if (!applied.ok) {
    told.push({ type: 'failed', step: index, why: applied.why });
    return { kind: 'failed', why: applied.why.en };
  }
  const after = await observe(host, step);
  const verified = after.known ? verify(step, after.value) : undefined;
  // What somebody else has put there since is nothing this step left: undo would take it for that.
  const own = after.known && verified?.ok ? { after: after.value } : {};
  told.push({ type: 'done', step: index, result: 'applied', ...own });
  if (!verified || verified.ok) {
    if (verified) told.push({ type: 'verified', step: index });
    return { kind: 'done' };
  }
  told.push({ type: 'failed', step: index, why: verified.why });
  return { kind: 'failed', why: verified.why.en };
}

/** What cannot be recorded any more is found again by its before-image. */
function conclude(journal: Journal, told: readonly StepEvent[], repairs: readonly Repair[]): void {
  try {
    journal.record(...told);
    journal.end(repairs.every(({ kind }) => kind === 'done') ? 'verified' : 'failed');
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
  }
}
