import type { Lang } from '../lang.ts';
import { type Demand, demandKey, demandValue, isWanted } from './demand.ts';
import type { Holding } from './holding.ts';
import type { KeptState } from './kept-key.ts';
import type { Enforcement, GuardEvent, GuardPlan, GuardStatus, KeyStatus } from './model.ts';

/** What a running guard knows of itself. */
export interface StatusSources {
  readonly pid: number;
  readonly since: string;
  readonly asked: Enforcement;
  readonly holding: Pick<Holding, 'inForce' | 'heldBy'>;
  readonly plan: GuardPlan | undefined;
  readonly stateOf: (key: string) => KeptState | undefined;
  readonly pausedUntil: Date | undefined;
  readonly recent: readonly GuardEvent[];
}

/** The whole of `guard status`, from a running guard. Pure. */
export function statusOf(sources: StatusSources, lang: Lang): GuardStatus {
  const { pid, since, asked, holding, plan, pausedUntil, recent } = sources;
  const { how, why } = holding.inForce();
  return {
    schemaVersion: 1,
    running: true,
    pid,
    since,
    profile: plan?.profile ?? null,
    phase: plan?.phase ?? null,
    enforce: { asked, inForce: how, why },
    keys: (plan?.demands ?? []).map((demand) => keyStatus(demand, sources, lang)),
    conflicts: (plan?.conflicts ?? []).map(({ key, demands }) => ({
      key,
      wants: demands.map((demand) => `${demandValue(demand)} (${demand.by})`),
    })),
    paused: pausedUntil !== undefined,
    pausedUntil: pausedUntil?.toISOString() ?? null,
    recent,
    judged: plan ? judgedOf(plan) : null,
  };
}

function judgedOf({ takenAt, findings }: GuardPlan): NonNullable<GuardStatus['judged']> {
  const counted = findings.filter(({ severity }) => severity !== 'info');
  const of = (status: string) => counted.filter((finding) => finding.status === status).length;
  return { at: takenAt, problems: of('problem'), unknown: of('unknown') };
}

function keyStatus(demand: Demand, { stateOf, holding }: StatusSources, lang: Lang): KeyStatus {
  const key = demandKey(demand);
  const state = stateOf(key);
  const value = state?.value ?? null;
  return {
    key,
    value: value === null ? null : value.trim(),
    wanted: demandValue(demand),
    right: value !== null && isWanted(demand, value),
    held: holding.heldBy(demand),
    drifts: state?.drifts ?? 0,
    repairs: state?.repairs ?? 0,
    lastWriter: state?.lastWriter ?? null,
    lastDriftAt: state?.lastDriftAt ?? null,
    contested: state?.contested ?? false,
    by: demand.by,
    reason: demand.reason[lang],
  };
}

/** What there is to say where no guard runs. `keys` is empty: nothing is held but what a kernel hold left behind. */
export function notRunning(): GuardStatus {
  return {
    schemaVersion: 1,
    running: false,
    pid: null,
    since: null,
    profile: null,
    phase: null,
    enforce: null,
    keys: [],
    conflicts: [],
    paused: false,
    pausedUntil: null,
    recent: [],
    judged: null,
  };
}
