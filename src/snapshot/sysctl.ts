import type { Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';

/**
 * Settings below /proc/sys/net. A key is the path below /proc/sys (`net/ipv4/conf/eth0.100/rp_filter`), because an
 * interface's name may hold dots; `sysctlName` gives the name sysctl(8) prints (`net.ipv4.conf.eth0/100.rp_filter`).
 */
export interface SysctlValues {
  get(key: string): Reading<string>;
  /** Interfaces with settings of this family (`all` and `default` left out), in byte order. */
  interfaces(family: 'ipv4' | 'ipv6'): Reading<readonly string[]>;
}

export const sysctl = subject<SysctlValues>({
  asks: [],
  parse: () => {
    throw new Error('unwritten');
  },
});
