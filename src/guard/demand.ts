import type { Bilingual } from '../lang.ts';
import { sysctlName } from '../snapshot/sysctl-name.ts';

interface DemandBase {
  /** Who wants it: a problem's id, or `--hold` for what a person asked for. */
  readonly by: string;
  readonly reason: Bilingual;
}

/** A setting below /proc/sys, its key in slashes, e.g. `net/ipv4/ip_forward`. */
export interface SettingDemand extends DemandBase {
  readonly kind: 'setting';
  readonly key: string;
  /** What is written when it is wrong. */
  readonly value: string;
  /** Values that are as good and left alone, e.g. rp_filter 0 where 2 is wanted. */
  readonly also?: readonly string[];
  /** A larger number is as good. */
  readonly atLeast?: true;
}

/** A bridge's own netfilter switch, which no sysctl hook sees. */
export interface BridgeDemand extends DemandBase {
  readonly kind: 'bridge-setting';
  readonly bridge: string;
  readonly name: 'nf_call_iptables' | 'nf_call_ip6tables';
  readonly value: '0' | '1';
}

/** A module in memory. */
export interface ModuleDemand extends DemandBase {
  readonly kind: 'module';
  readonly name: string;
}

/** One thing the guard keeps as it should be. */
export type Demand = SettingDemand | BridgeDemand | ModuleDemand;

/** What a demand is about, as people name it: `net.ipv4.ip_forward`, `br0 nf_call_iptables`, `module br_netfilter`. */
export function demandKey(demand: Demand): string {
  if (demand.kind === 'setting') return sysctlName(demand.key);
  return demand.kind === 'module' ? `module ${demand.name}` : `${demand.bridge} ${demand.name}`;
}

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
