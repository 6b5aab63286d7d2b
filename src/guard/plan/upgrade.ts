import { type Demand, demandKey, demandValue, isWanted } from '../demand.ts';
import type { EventOf, GuardPlan } from '../model.ts';

/**
 * What a boot or an upgrade changed: the last good plan against the first one after it. Undefined where it is the same
 * boot of the same releases, or where a version that could be told then cannot be told now and nothing else differs:
 * what is not seen is no upgrade.
 */
export function afterUpgrade(last: GuardPlan, present: GuardPlan): EventOf<'upgraded'> | undefined {
  const changed = changesBetween(last, present);
  if (changed.length === 0) return undefined;
  const before = problemsOf(last);
  const after = problemsOf(present);
  return {
    at: present.takenAt,
    type: 'upgraded',
    from: changed.map(({ from }) => from).join(', '),
    to: changed.map(({ to }) => to).join(', '),
    appeared: after.filter((one) => !before.includes(one)),
    gone: before.filter((one) => !after.includes(one)),
    different: last.demands.flatMap((demand) => differenceOf(demand, present)),
  };
}

interface Change {
  readonly from: string;
  readonly to: string;
}

function changesBetween(last: GuardPlan, present: GuardPlan): readonly Change[] {
  const releases = (['os', 'kernel', 'distribution'] as const).flatMap((name): Change[] => {
    const [from, to] = [last.versions[name], present.versions[name]];
    return from === to || from === '' || to === '' ? [] : [{ from, to }];
  });
  const rebooted = last.bootId !== present.bootId && last.bootId !== '' && present.bootId !== '';
  const boot = { from: `boot ${last.bootId.slice(0, 8)}`, to: `boot ${present.bootId.slice(0, 8)}` };
  return [...releases, ...(rebooted ? [boot] : [])];
}

function problemsOf({ findings }: GuardPlan): readonly string[] {
  const found = findings.filter(({ status }) => status === 'problem');
  return [...new Set(found.map(({ problem, subject }) => `${problem} ${subject}`.trim()))];
}

/**
 * What was held and does not read so now: what the change would have left, had nobody kept it. Not where another value
 * is wanted by now, as before a service's first launch after boot.
 */
function differenceOf(demand: Demand, { now, demands }: GuardPlan): readonly string[] {
  const key = demandKey(demand);
  const found = now[key];
  const wanted = demands.find((one) => demandKey(one) === key);
  if (wanted && demandValue(wanted) !== demandValue(demand)) return [];
  return found === undefined || isWanted(demand, found) ? [] : [`${key}: ${found}, wanted ${demandValue(demand)}`];
}

/**
 * What stays held though the present plan does not ask for it: what was held a moment ago and is now left alone for no other
 * reason than that it reads otherwise (somebody has just written), and what its problem cannot tell now, for not seeing is no
 * reason to let go. A phase that cannot be told is the last one. Only within one boot and profile, and not where something
 * else wants it now.
 */
export function carryOver(last: GuardPlan, present: GuardPlan): GuardPlan {
  if (last.bootId !== present.bootId || last.profile !== present.profile) return present;
  const course = present.phase === 'unknown' ? courseOf(last) : {};
  const wanted = new Set([...present.demands.map(demandKey), ...present.conflicts.map(({ key }) => key)]);
  const carried = last.demands.filter(
    (held) => !wanted.has(demandKey(held)) && (isLeft(held, present) || isUnseen(held, present)),
  );
  if (carried.length === 0 && course.phase === undefined) return present;
  const keys = new Set(carried.map(demandKey));
  return {
    ...present,
    ...course,
    demands: [...present.demands, ...carried],
    left: present.left.filter(({ demand }) => !keys.has(demandKey(demand))),
  };
}

function courseOf({ phase, ahead }: GuardPlan): Partial<Pick<GuardPlan, 'phase' | 'ahead'>> {
  return phase === 'unknown' ? {} : { phase, ...(ahead && { ahead }) };
}

function isLeft(held: Demand, { left }: GuardPlan): boolean {
  const key = demandKey(held);
  return left.some(
    ({ demand }) => demandKey(demand) === key && demand.by === held.by && demandValue(demand) === demandValue(held),
  );
}

function isUnseen(held: Demand, { undecided }: GuardPlan): boolean {
  const key = demandKey(held);
  return undecided.some(({ by, about, reason }) => by === held.by && about === key && reason !== 'absent');
}
