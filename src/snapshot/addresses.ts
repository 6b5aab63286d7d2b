import type { Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';

export interface Address {
  readonly link: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly address: string;
  readonly prefixLength: number;
  readonly scope: string;
  /** Other end of a point-to-point address. */
  readonly peer?: string;
}

export const addresses = subject<Reading<readonly Address[]>>({
  asks: [{ kind: 'run', argv: ['ip', '-j', 'addr', 'show'] }],
  parse: () => {
    throw new Error('unwritten');
  },
});
