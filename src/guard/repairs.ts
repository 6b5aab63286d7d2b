import type { ActingHost } from '../hosts/host.ts';
import type { Bilingual } from '../lang.ts';
import { isInterrupted } from '../remedies/interrupted.ts';
import {
  createJournal,
  type Journal,
  JournalError,
  makeJournalDirectory,
  readRun,
  reopenJournal,
} from '../remedies/journal.ts';
import { guardedLock } from '../remedies/run-lock.ts';
import { runPlan } from '../remedies/run-plan.ts';
import type { PlannedRemedy } from '../remedies/run-record.ts';
import type { Step } from '../remedies/step.ts';
import { type Demand, demandKey } from './demand.ts';

/** What became of a repair that is journaled. */
export type Repair =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly why: string }
  /** Another run changes this node: tried again when it is over. */
  | { readonly kind: 'busy' };

export interface JournaledRepairs {
  /** Whether this thing's state before the guard is in the journal already. */
  readonly knows: (demand: Demand) => boolean;
  /** Puts one thing right as a fix would: before-image, write, verification, all on the disk. */
  first(demand: Demand): Promise<Repair>;
}

export interface RepairsOptions {
  readonly host: ActingHost;
  /** Of the node's journals. */
  readonly directory: string;
  readonly bootId: string;
  readonly tool: string;
  /** A journal that cannot be written is told; guarding goes on. */
  readonly complain: (why: Bilingual) => void;
}

/**
 * The guard's repairs in the journal: one run a guard, to which each thing is added when it is first put right, so that
 * `undo` brings back what stood before the guard. Later repairs of the same thing are in the history alone: a
 * contested setting must not fill the disk.
 */
export function journaledRepairs(options: RepairsOptions): JournaledRepairs {
  const known = new Set<string>();
  let run: string | undefined;

  function open(plan: readonly PlannedRemedy[]): Journal {
    const { directory, host, bootId, tool } = options;
    const present = run === undefined ? undefined : readRun(directory, run);
    if (run !== undefined && present && !('corrupt' in present) && !isInterrupted(present)) {
      const journal = reopenJournal(directory, run);
      journal.resume(plan);
      return journal;
    }
    const journal = createJournal(directory, { target: { name: host.name, via: host.via }, bootId, tool, plan });
    run = journal.run;
    return journal;
  }

  async function journaled(remedy: PlannedRemedy): Promise<Repair> {
    makeJournalDirectory(options.directory);
    const lock = guardedLock(options.directory);
    try {
      const journal = open([remedy]);
      try {
        const mine = journal.steps().at(-1)?.remedy;
        const report = await runPlan(options.host, mine ? [mine] : [], journal);
        journal.end(report.verified ? 'verified' : 'failed');
        const failed = report.steps.find(({ result }) => result === 'failed');
        return failed ? { kind: 'failed', why: failed.detail.en } : { kind: 'done' };
      } finally {
        journal.close();
      }
    } finally {
      lock.release();
    }
  }

  return {
    knows: (demand) => known.has(demandKey(demand)),
    async first(demand) {
      try {
        const repair = await journaled(remedyFor(demand));
        if (repair.kind === 'done') known.add(demandKey(demand));
        return repair;
      } catch (error) {
        if (!(error instanceof JournalError)) throw error;
        if (error.code === 'EBUSY') return { kind: 'busy' };
        options.complain(error.words);
        known.add(demandKey(demand));
        return { kind: 'failed', why: error.words.en };
      }
    },
  };
}

/** The step that meets a demand. */
export function stepFor(demand: Demand): Step {
  if (demand.kind === 'setting') return { kind: 'setting', key: demand.key, value: demand.value };
  if (demand.kind === 'module') return { kind: 'module', name: demand.name };
  return { kind: 'bridge-setting', bridge: demand.bridge, name: demand.name, value: demand.value };
}

function remedyFor(demand: Demand): PlannedRemedy {
  return {
    id: 'guard',
    problem: demand.by,
    summary: { en: `Keep ${demandKey(demand)}`, 'zh-CN': `守护 ${demandKey(demand)}` },
    risk: 'low',
    scope: 'now',
    steps: [stepFor(demand)],
  };
}
