import type { Reading } from '../hosts/reading.ts';
import { MODULE_ASKS, moduleStates } from './module-evidence.ts';
import { subject } from './subject.ts';

/** Four different things: in memory now; part of the kernel image; a file modprobe would find; none of these. */
export type ModuleState = 'loaded' | 'built-in' | 'loadable' | 'absent';

export interface KernelModules {
  /** Names with `-` and `_` taken as one, as the kernel does. Unknown where the evidence to tell cannot be read. */
  state(name: string): Reading<ModuleState>;
}

/** The modules hayward asks about. */
export const MODULES_OF_INTEREST = [
  'br_netfilter',
  'overlay',
  'nf_conntrack',
  'ip_vs',
  'ip_vs_rr',
  'ip_vs_wrr',
  'ip_vs_sh',
  'ip_set',
  'ip_tables',
  'iptable_nat',
  'iptable_filter',
  'nf_tables',
  'vxlan',
  '8021q',
  'bridge',
  'nf_nat',
  'xt_set',
  'ip_set_hash_ip',
  'dummy',
] as const;

export const modules = subject<KernelModules>({
  asks: MODULE_ASKS,
  parse: (view) => moduleStates(view),
});
