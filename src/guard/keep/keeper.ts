import type { Reading } from '../../hosts/reading.ts';
import { sysctlName } from '../../snapshot/sysctl-name.ts';
import { type Demand, demandKey } from '../demand.ts';
import type { SeenWrites } from '../hold/hold.ts';
import type { GuardEvent } from '../model.ts';
import type { Moment } from '../moment.ts';
import { type KeepAction, type KeptKey, type KeptState, keptKey, type RepairOutcome, type Ruling } from './kept-key.ts';
import { repairRank, sweptValue } from './side-effects.ts';

/**
 * All that is kept: pure, the clock is passed in. A round reads each of `order()` in turn, asks `look` and writes at
 * once what it answers, so that an interface is read after the global setting that reaches it was put right:
 *
 *     for (const { key, demand } of keeper.order()) {
 *       const action = keeper.look(key, read(demand), now);
 *       if (action.do === 'repair') keeper.repaired(key, write(demand, action.value), now);
 *     }
 *     keeper.events().forEach(record);
 *
 * A module's reading is `loaded`, or any other word where it is not in memory; its repair may take its time.
 */
export interface Keeper {
  /** What is to be kept from now on; a key that stays keeps its counts and its pace. */
  want(demands: readonly Demand[]): { readonly added: readonly string[]; readonly removed: readonly string[] };
  /** Keys in the order in which they are read and put right. */
  order(): readonly KeptDemand[];
  /** Unwanted keys are answered with nothing. */
  look(key: string, reading: Reading<string>, now: Moment): KeepAction;
  /** How the repair asked for went. */
  repaired(key: string, outcome: RepairOutcome, now: Moment): void;
  /** What the hold saw; before the round that reads the same keys. */
  saw(writes: readonly SeenWrites[], now: Moment): void;
  /** Nothing is changed for so long; what goes wrong meanwhile is told, and put right afterwards. */
  pause(forMs: number, now: Moment): void;
  resume(now: Moment): void;
  /** A pause ends by itself, here: once in each round, before its first look. */
  pausedUntil(now: Moment): Date | undefined;
  /** false: only look and tell, for good. */
  act(may: boolean, now: Moment): void;
  /** What happened since the last call. */
  events(): readonly GuardEvent[];
  /** Tells what was held back so as not to flood: before the end. */
  flush(now: Moment): void;
  state(key: string): KeptState | undefined;
}

export interface KeptDemand {
  /** As `demandKey` names it. */
  readonly key: string;
  readonly demand: Demand;
}

export interface KeeperOptions {
  /** How often keys are read, in milliseconds: where the waits of a fight begin. */
  readonly intervalMs: number;
}

export function makeKeeper({ intervalMs }: KeeperOptions): Keeper {
  const kept = new Map<string, KeptKey>();
  let ordered: readonly KeptDemand[] = [];
  let told: GuardEvent[] = [];
  let pause: { readonly untilMs: number; readonly until: Date } | undefined;
  let may = true;
  let ruling: Ruling = { acting: true, sinceMs: Number.NEGATIVE_INFINITY };

  function tell(event: GuardEvent): void {
    told.push(event);
  }

  function rule(now: Moment): void {
    const acting = may && pause === undefined;
    if (acting !== ruling.acting) ruling = { acting, sinceMs: now.ms };
  }

  function resume(now: Moment): void {
    if (pause === undefined) return;
    pause = undefined;
    rule(now);
    tell({ at: now.at.toISOString(), type: 'resumed' });
  }

  /** A write of ours that reaches others is nobody's drift there. */
  function foresee(name: string, written: string): void {
    const source = ordered.find(({ key }) => key === name)?.demand;
    if (source?.kind !== 'setting') return;
    for (const { key, demand } of ordered) {
      if (demand.kind !== 'setting') continue;
      const value = sweptValue(source.key, written, demand.key);
      if (value !== undefined) kept.get(key)?.expect(value, name);
    }
  }

  return {
    want(demands) {
      const next = new Map(demands.map((demand) => [demandKey(demand), demand]));
      const removed = [...kept.keys()].filter((key) => !next.has(key));
      for (const key of removed) kept.delete(key);
      const added = [...next.keys()].filter((key) => !kept.has(key));
      for (const [key, demand] of next) {
        const one = kept.get(key);
        if (one) one.replan(demand);
        else kept.set(key, keptKey(demand, intervalMs, tell));
      }
      ordered = [...next]
        .map(([key, demand]) => ({ key, demand }))
        .sort((a, b) => repairRank(a.demand) - repairRank(b.demand));
      return { added, removed };
    },
    order: () => ordered,
    look: (key, reading, now) => kept.get(key)?.look(reading, now, ruling) ?? { do: 'nothing' },
    repaired(key, outcome, now) {
      const written = kept.get(key)?.repaired(outcome, now, ruling);
      if (written !== undefined) foresee(key, written);
    },
    saw(writes, now) {
      for (const seen of writes) kept.get(sysctlName(seen.key))?.saw(seen, now);
    },
    pause(forMs, now) {
      pause = { untilMs: now.ms + forMs, until: new Date(now.at.getTime() + forMs) };
      rule(now);
      tell({ at: now.at.toISOString(), type: 'paused', until: pause.until.toISOString() });
    },
    resume,
    pausedUntil(now) {
      if (pause !== undefined && now.ms >= pause.untilMs) resume(now);
      return pause?.until;
    },
    act(allowed, now) {
      may = allowed;
      rule(now);
    },
    events() {
      const taken = told;
      told = [];
      return taken;
    },
    flush(now) {
      for (const one of kept.values()) one.flush(now);
    },
    state: (key) => kept.get(key)?.state(),
  };
}
