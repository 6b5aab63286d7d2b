import type { Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';

/** A policy routing rule (`ip rule`). */
export interface RoutingRule {
  readonly family: 'ipv4' | 'ipv6';
  readonly priority: number;
  /** CIDR, or `all`. */
  readonly from: string;
  readonly to: string;
  readonly inputLink?: string;
  readonly outputLink?: string;
  /** As printed: 0x2000/0x2000 */
  readonly mark?: string;
  /** A table's name or number, or the action (`unreachable`…). */
  readonly table: string;
}

export const rules = subject<Reading<readonly RoutingRule[]>>({
  asks: [
    { kind: 'run', argv: ['ip', '-j', 'rule', 'show'] },
    { kind: 'run', argv: ['ip', '-6', '-j', 'rule', 'show'] },
  ],
  parse: () => {
    throw new Error('unwritten');
  },
});
