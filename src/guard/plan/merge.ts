import { canonicalKey, confOf } from '../../persistence/kernel-settings.ts';
import { type Conflict, type Demand, demandKey, demandValue, isWanted, type SettingDemand } from '../demand.ts';
import { sweptValue } from '../keep/side-effects.ts';

/**
 * One demand a thing. Two of the same thing become one that both accept, with both names under `by` and the reason of
 * the first; where nothing is acceptable to both, all of that thing's are a conflict and none is held, nor what one of
 * them would sweep along when it is written. A setting under its other name (conf/all/forwarding is ip_forward) is the
 * same thing. In the order of the first demand of each.
 */
export function mergeDemands(demands: readonly Demand[]): {
  readonly demands: readonly Demand[];
  readonly conflicts: readonly Conflict[];
} {
  const groups = new Map<string, Demand[]>();
  for (const demand of demands.map(underOneName)) {
    const key = demandKey(demand);
    groups.set(key, [...(groups.get(key) ?? []), demand]);
  }
  const merged: Demand[] = [];
  const conflicts: Conflict[] = [];
  for (const [key, [first, ...others]] of groups) {
    if (!first) continue;
    const one = others.reduce<Demand | undefined>((met, other) => met && bothOf(met, other), first);
    if (one) merged.push(one);
    else conflicts.push({ key, demands: [first, ...others] });
  }
  const swept = merged.flatMap((demand) => sweptBy(demand, conflicts));
  const keys = new Set(swept.map(({ key }) => key));
  return { demands: merged.filter((demand) => !keys.has(demandKey(demand))), conflicts: [...conflicts, ...swept] };
}

/** A demand that a write somebody wants, and another does not, would undo: whose will it is to be is open here, too. */
function sweptBy(demand: Demand, conflicts: readonly Conflict[]): readonly Conflict[] {
  if (demand.kind !== 'setting') return [];
  const against = conflicts
    .flatMap(({ demands }) => demands)
    .filter((one) => {
      // conf/default reaches interfaces without an address alone: none that somebody has a demand of.
      if (one.kind !== 'setting' || confOf(one.key)?.device === 'default') return false;
      const swept = sweptValue(one.key, one.value, demand.key);
      return swept !== undefined && !isWanted(demand, swept);
    });
  return against.length > 0 ? [{ key: demandKey(demand), demands: [demand, ...against] }] : [];
}

function underOneName(demand: Demand): Demand {
  return demand.kind === 'setting' ? { ...demand, key: canonicalKey(demand.key) } : demand;
}

/** What both accept; undefined where they contradict each other. */
function bothOf(one: Demand, other: Demand): Demand | undefined {
  const by = [...new Set([...one.by.split(', '), ...other.by.split(', ')])].join(', ');
  if (one.kind === 'setting' && other.kind === 'setting') {
    const met = meetingOf(one, other);
    return met && { ...met, by };
  }
  return demandValue(one) === demandValue(other) ? { ...one, by } : undefined;
}

function meetingOf(one: SettingDemand, other: SettingDemand): SettingDemand | undefined {
  const { also: _also, atLeast: _atLeast, ...base } = one;
  if (one.atLeast && other.atLeast) {
    const value = Number(one.value) >= Number(other.value) ? one.value : other.value;
    return { ...base, value, atLeast: true };
  }
  // The one that names its values, with those of them that the other takes.
  const [naming, taking] = one.atLeast ? [other, one] : [one, other];
  const [value, ...also] = valuesOf(naming).filter((candidate) => takes(taking, candidate));
  return value === undefined ? undefined : { ...base, value, ...(also.length > 0 && { also }) };
}

function valuesOf({ value, also = [] }: SettingDemand): readonly string[] {
  return [...new Set([value, ...also])];
}

function takes(demand: SettingDemand, value: string): boolean {
  return demand.atLeast ? Number(value) >= Number(demand.value) : valuesOf(demand).includes(value);
}
