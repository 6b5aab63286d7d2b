import type { ReportStanding } from '../../fleet/reporter.ts';
import type { Bilingual, Lang } from '../../lang.ts';
import { sysctlName } from '../../snapshot/sysctl-name.ts';
import { type Demand, demandKey, demandValue, isWanted } from '../demand.ts';
import type { Enforcer } from '../hold/enforcer.ts';
import type { Held } from '../hold/pins.ts';
import type { KeptState } from '../keep/kept-key.ts';
import type { Enforcement, GuardEvent, GuardPlan, GuardStatus, KeyStatus } from '../model.ts';

/** What a running guard knows of itself. */
export interface StatusSources {
  readonly pid: number;
  readonly since: string;
  readonly asked: Enforcement;
  readonly holding: Pick<Enforcer, 'inForce' | 'heldBy'>;
  readonly plan: GuardPlan | undefined;
  readonly stateOf: (key: string) => KeptState | undefined;
  readonly pausedUntil: Date | undefined;
  readonly recent: readonly GuardEvent[];
  readonly report: ReportStanding | undefined;
}

/** The whole of `guard status`, from a running guard. Pure. */
export function statusOf(sources: StatusSources, lang: Lang): GuardStatus {
  const { pid, since, asked, holding, plan, pausedUntil, recent, report } = sources;
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
    ...(report && { report }),
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
    ...(state?.unreadable && { unreadable: state.unreadable }),
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

const LEFT: Bilingual = {
  en: 'A guard that has ended left it held; hayward guard release lets go',
  'zh-CN': '已结束的守护进程留下的内核守护；可用 hayward guard release 放开',
};

/**
 * What there is to say where no guard runs. `keys` is what the program of one that has ended still answers for, until its
 * heartbeat is too old.
 *
 * @param read a setting's value now, null where it cannot be read.
 */
export function notRunning(held: Held | undefined, read: (key: string) => string | null, lang: Lang): GuardStatus {
  const settings = held?.attached && held.mode === 'hold' ? held.settings.filter(({ answered }) => answered) : [];
  return {
    schemaVersion: 1,
    running: false,
    pid: null,
    since: null,
    profile: null,
    phase: null,
    enforce: null,
    keys: settings.map(({ key, value: wanted }) => leftKey(key, wanted, read(key), lang)),
    conflicts: [],
    paused: false,
    pausedUntil: null,
    recent: [],
    judged: null,
  };
}

function leftKey(key: string, wanted: string, value: string | null, lang: Lang): KeyStatus {
  return {
    key: sysctlName(key),
    value,
    wanted,
    right: value === wanted,
    held: 'kernel',
    drifts: 0,
    repairs: 0,
    lastWriter: null,
    lastDriftAt: null,
    contested: false,
    by: '',
    reason: LEFT[lang],
  };
}
