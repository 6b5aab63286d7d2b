import type { Reading } from '../../hosts/reading.ts';
import { subject } from '../subject.ts';

export interface IpSet {
  readonly name: string;
  /** hash:ip, hash:ip,port, hash:net, bitmap:port … */
  readonly type: string;
  readonly family: 'ipv4' | 'ipv6';
  /** Entries as printed, e.g. `10.53.0.1,tcp:443`; options (timeout, nomatch, comment) behind a blank. */
  readonly entries: readonly string[];
}

export const ipsets = subject<Reading<ReadonlyMap<string, IpSet>>>({
  asks: [],
  parse: () => {
    throw new Error('unwritten');
  },
});
