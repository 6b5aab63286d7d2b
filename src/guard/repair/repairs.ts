import type { ActingHost } from '../../hosts/host.ts';
import type { Bilingual } from '../../lang.ts';
import { isInterrupted, readRuns, setCorruptAside, stands } from '../../remedies/interrupted.ts';
import {
  createJournal,
  type Journal,
  JournalError,
  makeJournalDirectory,
  reopenJournal,
} from '../../remedies/journal.ts';
import { recoverRun } from '../../remedies/recover-run.ts';
import { patientLock } from '../../remedies/run-lock.ts';
import { mayStand, type PlannedRemedy, type RunRecord } from '../../remedies/run-record.ts';
import type { Step } from '../../remedies/step.ts';
import { type Demand, demandKey } from '../demand.ts';
import { repairRank } from '../keep/side-effects.ts';
import { changeTogether, type Repair } from './repair-together.ts';

export interface JournaledRepairs {
  /** Whether this thing's state before the guard is in the journal already. */
  readonly knows: (demand: Demand) => boolean;
  /**
   * Puts one thing right as a fix would: before-image, write, verification, all on the disk. What is asked for within one
   * turn goes to the disk together; what is asked for meanwhile comes after.
   */
  first(demand: Demand): Promise<Repair>;
  /** What is in the journal may have been taken back meanwhile: it is looked at again. */
  forget(): void;
}

export interface RepairsOptions {
  readonly host: ActingHost;
  /** Of the node's journals. */
  readonly directory: string;
  readonly bootId: string;
  readonly tool: string;
  /** What is wrong with the journal; guarding goes on. */
  readonly complain: (why: Bilingual) => void;
  /** Aborted: waits for no other run any more. */
  readonly signal: AbortSignal;
}

/** By whose name undo and the journal know the guard's remedies. */
export const GUARD_REMEDY = 'guard';

interface Asked {
  readonly demand: Demand;
  answer(repair: Repair): void;
}

const UNJOURNALED: Repair = { kind: 'unjournaled' };

/** How long another run may hold the lock before a repair is given up for this time, in milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * The guard's repairs in the journal: one run a boot, whichever guard was killed meanwhile, to which each thing is added
 * when it is first put right, so that `undo` brings back what stood before the first guard. Later repairs of the same
 * thing are in the history alone: a contested setting must not fill the disk.
 */
export function journaledRepairs(options: RepairsOptions): JournaledRepairs {
  const { host, directory, bootId, tool, complain, signal } = options;
  const known = new Set<string>();
  let waiting: Asked[] = [];
  let working = Promise.resolve();
  let told = '';

  /** The run that stands, taken up as a fix takes up one that was killed; undefined where there is none. */
  async function takenUp(): Promise<Journal | undefined> {
    const found = readRuns(directory);
    for (const line of setCorruptAside(directory, found)) complain(line);
    const run = found.runs.findLast((one) => one.bootId === bootId && isGuards(one) && stands(one));
    known.clear();
    if (!run) return undefined;
    const journal = reopenJournal(directory, run.run);
    try {
      if (isInterrupted(run)) await recoverRun(host, journal, bootId);
    } catch (error) {
      journal.close();
      throw error;
    }
    for (const record of journal.steps().filter(mayStand)) known.add(nameOf(record.step));
    return journal;
  }

  /** Things of one rank: none of them changes along with another. */
  async function together(demands: readonly Demand[]): Promise<ReadonlyMap<Demand, Repair>> {
    makeJournalDirectory(directory);
    const lock = await patientLock(directory, { patienceMs: PATIENCE_MS, signal });
    let journal: Journal | undefined;
    try {
      journal = await takenUp();
      const fresh = demands.filter((demand) => !known.has(nameOf(stepFor(demand))));
      const plan = (remedies: readonly PlannedRemedy[]): Journal => {
        journal?.resume(remedies);
        journal ??= createJournal(directory, {
          target: { name: host.name, via: host.via },
          bootId,
          tool,
          plan: remedies,
        });
        return journal;
      };
      const repairs = await changeTogether({ host, wanted: fresh.map((of) => ({ of, remedy: remedyFor(of) })), plan });
      for (const record of journal?.steps().filter(mayStand) ?? []) known.add(nameOf(record.step));
      return repairs;
    } finally {
      journal?.close();
      lock.release();
    }
  }

  async function attempt(demands: readonly Demand[]): Promise<(demand: Demand) => Repair> {
    try {
      const repairs = await together(demands);
      told = '';
      return (demand) => repairs.get(demand) ?? UNJOURNALED;
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      if (error.code === 'EBUSY') return () => ({ kind: 'failed', why: error.words.en });
      if (told !== error.message) complain(error.words);
      told = error.message;
      return () => UNJOURNALED;
    }
  }

  async function work(): Promise<void> {
    const asked = waiting;
    waiting = [];
    const ranks = [...new Set(asked.map(({ demand }) => repairRank(demand)))].sort((a, b) => a - b);
    for (const rank of ranks) {
      const alike = asked.filter(({ demand }) => repairRank(demand) === rank);
      const repairOf = await attempt(alike.map(({ demand }) => demand));
      for (const { demand, answer } of alike) answer(repairOf(demand));
    }
  }

  return {
    knows: (demand) => known.has(nameOf(stepFor(demand))),
    first(demand) {
      if (waiting.length === 0) working = working.then(work);
      return new Promise((answer) => {
        waiting.push({ demand, answer });
      });
    },
    forget: () => known.clear(),
  };
}

function isGuards({ steps }: RunRecord): boolean {
  return steps.some(({ remedy }) => remedy.id === GUARD_REMEDY);
}

/** A thing that is wanted otherwise than before, as a start has its phases, is a change of its own. */
function nameOf(step: Step): string {
  return JSON.stringify(Object.entries(step).sort());
}

/** The step that meets a demand. */
export function stepFor(demand: Demand): Step {
  if (demand.kind === 'setting') return { kind: 'setting', key: demand.key, value: demand.value };
  if (demand.kind === 'module') return { kind: 'module', name: demand.name };
  return { kind: 'bridge-setting', bridge: demand.bridge, name: demand.name, value: demand.value };
}

function remedyFor(demand: Demand): PlannedRemedy {
  return {
    id: GUARD_REMEDY,
    problem: demand.by,
    summary: { en: `Keep ${demandKey(demand)}`, 'zh-CN': `守护 ${demandKey(demand)}` },
    risk: 'low',
    scope: 'now',
    steps: [stepFor(demand)],
  };
}
