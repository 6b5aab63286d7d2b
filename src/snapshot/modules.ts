import type { Ask } from '../hosts/ask.ts';
import type { Reading } from '../hosts/reading.ts';
import { CONFIG_SYMBOLS } from './kernel-config.ts';
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

/** Names as modules.dep and modules.builtin spell them: file names may have `-` where the module has `_`. */
const FILE_PATTERN = `/(${MODULES_OF_INTEREST.map((name) => name.replaceAll('_', '[_-]')).join('|')})\\.ko`;
const CONFIG_PATTERN = `^(# )?CONFIG_(${Object.values(CONFIG_SYMBOLS).join('|')})[= ]`;

const MODULES_ASKS: readonly Ask[] = [
  { kind: 'file', path: '/proc/sys/kernel/osrelease' },
  { kind: 'file', path: '/proc/modules' },
  { kind: 'file', path: '/lib/modules/{release}/modules.builtin', keep: FILE_PATTERN },
  { kind: 'file', path: '/lib/modules/{release}/modules.dep', keep: `^[^:]*${FILE_PATTERN}` },
  { kind: 'file', path: '/lib/modules/{release}/config', keep: CONFIG_PATTERN },
  { kind: 'file', path: '/boot/config-{release}', keep: CONFIG_PATTERN },
  { kind: 'run', argv: ['zgrep', '-E', CONFIG_PATTERN, '/proc/config.gz'], onlyIf: '/proc/config.gz' },
  // What works without being listed among the modules is part of the kernel image.
  { kind: 'values', glob: '/proc/sys/net/bridge/*' },
  { kind: 'values', glob: '/proc/sys/net/netfilter/nf_conntrack_max' },
  { kind: 'file', path: '/proc/net/ip_vs' },
  { kind: 'file', path: '/proc/filesystems' },
];

export const modules = subject<KernelModules>({
  asks: MODULES_ASKS,
  parse: () => {
    throw new Error('unwritten');
  },
});
