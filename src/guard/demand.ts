import type { BridgeDemand, Demand, ModuleDemand, SettingDemand } from '../judging/demand.ts';
import { sysctlName } from '../snapshot/sysctl-name.ts';

export type { BridgeDemand, Demand, ModuleDemand, SettingDemand };

/** What a demand is about, as people name it: `net.ipv4.ip_forward`, `br0 nf_call_iptables`, `module br_netfilter`. */
export function demandKey(demand: KeyOf): string {
  if (demand.kind === 'setting') return sysctlName(demand.key);
  return demand.kind === 'module' ? `module ${demand.name}` : `${demand.bridge} ${demand.name}`;
}

type KeyOf =
  | Pick<SettingDemand, 'kind' | 'key'>
  | Pick<BridgeDemand, 'kind' | 'bridge' | 'name'>
  | Pick<ModuleDemand, 'kind' | 'name'>;

/** The value as `guard status` shows it; a module's is `loaded`. */
export function demandValue(demand: Demand): string {
  return demand.kind === 'module' ? 'loaded' : demand.value;
}

/** Whether a value that was read is what is wanted, or as good. Words are compared by their numbers and blanks. */
export function isWanted(demand: Demand, value: string): boolean {
  const [found, wanted] = [value.trim().replace(/\s+/g, ' '), demandValue(demand)];
  if (found === wanted) return true;
  if (demand.kind !== 'setting') return false;
  if (demand.also?.includes(found)) return true;
  return demand.atLeast === true && Number(found) >= Number(wanted);
}

/** Two demands of one thing that cannot both be met: it is reported, and nothing is done. */
export interface Conflict {
  readonly key: string;
  readonly demands: readonly Demand[];
}
