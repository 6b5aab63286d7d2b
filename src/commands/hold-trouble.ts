import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { demandKey, demandValue, type SettingDemand } from '../guard/demand.ts';
import type { GuardPlan } from '../guard/model.ts';
import { ASKED } from '../guard/plan/asked.ts';
import { confOf } from '../persistence/kernel-settings.ts';
import { sysctlName } from '../snapshot/sysctl-name.ts';
import { nearest } from './usage.ts';

/** Below these the kernel has all it will ever have from the start on; elsewhere a module may bring more. */
const SETTLED = /^(net\/(ipv4|ipv6|core|bridge|unix)|vm)(\/|$)/;

export type NamesIn = (directory: string) => readonly string[] | undefined;

/** What is wrong with what `--hold` asks for on this node, one line each: a name that is mistyped, a contradiction. */
export function holdTrouble(
  asked: readonly SettingDemand[],
  { conflicts }: Pick<GuardPlan, 'conflicts'>,
  namesIn: NamesIn = namesHere,
): readonly string[] {
  const mistyped = asked.flatMap(({ key, value }) => {
    const near = misspelling(key, namesIn);
    if (near === undefined) return [];
    const meant = near === '' ? '' : ` (did you mean ${near}?)`;
    return [`${ASKED} ${sysctlName(key)}=${value}: there is no such setting${meant}`];
  });
  const contradicting = conflicts.flatMap(({ key, demands }) => {
    // Not what a write of another setting would sweep along: that one is told itself.
    const own = demands.find((one) => one.by === ASKED && demandKey(one) === key);
    if (own === undefined) return [];
    const others = demands.filter((one) => one !== own).map((one) => `${demandValue(one)} (${one.by})`);
    return [`${ASKED} ${key}=${demandValue(own)}: neither is done, for it is wanted as ${others.join(' and ')}, too`];
  });
  return [...mistyped, ...contradicting];
}

/** The name that may be meant, empty where none is near; undefined where there is such a setting, or may be one day. */
function misspelling(key: string, namesIn: NamesIn): string | undefined {
  // An interface may come later; each has what `default` has.
  const device = confOf(key)?.device;
  const model = device === undefined ? key : key.replace(`/${device}/`, '/default/');
  const directory = dirname(model);
  const names = SETTLED.test(directory) ? namesIn(directory) : undefined;
  const leaf = model.slice(directory.length + 1);
  if (names === undefined || names.includes(leaf)) return undefined;
  const near = nearest(leaf, names);
  return near === undefined ? '' : sysctlName(`${dirname(key)}/${near}`);
}

/** Undefined where the directory is not there, or may not be read. */
function namesHere(directory: string): readonly string[] | undefined {
  try {
    return readdirSync(`/proc/sys/${directory}`);
  } catch {
    return undefined;
  }
}
