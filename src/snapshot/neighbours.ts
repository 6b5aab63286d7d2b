import type { Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';

export interface Neighbour {
  readonly family: 'ipv4' | 'ipv6';
  readonly address: string;
  readonly link: string;
  readonly mac?: string;
  /** REACHABLE, STALE, FAILED, PERMANENT … */
  readonly states: readonly string[];
}

export const neighbours = subject<Reading<readonly Neighbour[]>>({
  asks: [{ kind: 'run', argv: ['ip', '-j', 'neigh', 'show'] }],
  parse: () => {
    throw new Error('unwritten');
  },
});
