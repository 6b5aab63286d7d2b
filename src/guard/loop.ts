import type { Reading } from '../hosts/reading.ts';
import { type Demand, isWanted } from './demand.ts';
import type { Enforcer } from './hold/enforcer.ts';
import type { Keeper, KeptDemand } from './keep/keeper.ts';
import type { RepairOutcome } from './keep/kept-key.ts';
import type { GuardEvent } from './model.ts';
import type { Moment } from './moment.ts';
import type { JournaledRepairs } from './repair/repairs.ts';

/** What the loop sees and touches of the node. */
export interface Senses {
  /** Takes in what the kernel told since the last round: links that came or went, files, services. */
  refresh(): void;
  read(demand: Demand): Reading<string>;
  /** Puts one thing right, at once where it can be. */
  write(demand: Demand): RepairOutcome | Promise<RepairOutcome>;
}

export interface LoopParts {
  readonly senses: Senses;
  readonly keeper: Keeper;
  readonly holding: Enforcer;
  readonly repairs: JournaledRepairs;
  readonly record: (event: GuardEvent) => void;
  readonly moment: () => Moment;
  /** Told of work that outlasts the turn: it is finished before the guard ends. */
  readonly underWay: (work: Promise<void>) => void;
}

/** Time between two looks at whether the hold stands, in milliseconds. */
const TEND_MS = 1_000;

/**
 * One turn: what the kernel told, who wrote, then each thing is read and put right in the keeper's order. The first repair of
 * a thing goes by the journal and may last longer than the turn; the keeper answers nothing for it meanwhile.
 */
export function makeTurn({ senses, keeper, holding, repairs, record, moment, underWay }: LoopParts): () => void {
  let tendedMs = Number.NEGATIVE_INFINITY;
  let paused = false;

  function followPause(now: Moment): void {
    const pausedNow = keeper.pausedUntil(now) !== undefined;
    if (pausedNow === paused) return;
    paused = pausedNow;
    holding.pause(paused);
    // A pause is when people take repairs back.
    repairs.forget();
  }

  function takeIn(now: Moment): void {
    const writes = holding.seen();
    if (writes.length > 0) keeper.saw(writes, now);
  }

  function repair({ key, demand }: KeptDemand): void {
    const outcome = repairs.knows(demand) ? senses.write(demand) : firstTime(demand);
    if ('then' in outcome) underWay(outcome.then((came) => keeper.repaired(key, came, moment())));
    else keeper.repaired(key, outcome, moment());
  }

  async function firstTime(demand: Demand): Promise<RepairOutcome> {
    const repaired = await repairs.first(demand);
    if (repaired.kind === 'unjournaled') return senses.write(demand);
    return repaired.kind === 'done' ? { ok: true } : { ok: false, why: repaired.why };
  }

  return () => {
    const now = moment();
    senses.refresh();
    followPause(now);
    if (now.ms - tendedMs >= TEND_MS) {
      tendedMs = now.ms;
      holding.tend(now.ms);
    }
    takeIn(now);
    for (const kept of keeper.order()) {
      const reading = senses.read(kept.demand);
      // The writer is counted before what it wrote can be read: whoever came since the turn began is there by now.
      if (reading.known && !isWanted(kept.demand, reading.value)) takeIn(now);
      if (keeper.look(kept.key, reading, now).do === 'repair') repair(kept);
    }
    for (const event of keeper.events()) record(event);
  };
}

/**
 * Calls `turn` every `intervalMs`, by a clock that is not set back; a turn that comes late is not made up for. An error
 * thrown by it is a bug and ends the process, which systemd then starts again.
 */
export function everyInterval(intervalMs: number, turn: () => void): { stop(): void; readonly lastMs: () => number } {
  let next = performance.now();
  let last = next;
  let timer: NodeJS.Timeout;
  function run(): void {
    last = performance.now();
    turn();
    next = Math.max(next + intervalMs, performance.now() + 1);
    timer = setTimeout(run, Math.max(0, next - performance.now()));
  }
  run();
  return { stop: () => clearTimeout(timer), lastMs: () => last };
}
