import type { Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';

export interface NextHop {
  readonly via?: string;
  readonly link?: string;
}

export interface Route {
  readonly family: 'ipv4' | 'ipv6';
  /** CIDR; a host route has /32 or /128, the default route is 0.0.0.0/0 or ::/0. */
  readonly destination: string;
  /** unicast, local, broadcast, multicast, blackhole, unreachable, prohibit, throw … */
  readonly type: string;
  /** main, local, default, or a number as text. */
  readonly table: string;
  /** kernel, boot, static, ra, dhcp, bird … */
  readonly protocol: string;
  readonly metric: number;
  readonly scope: string;
  readonly source?: string;
  /** More than one for a multipath route. */
  readonly nextHops: readonly NextHop[];
}

export const routes = subject<Reading<readonly Route[]>>({
  asks: [
    { kind: 'run', argv: ['ip', '-j', '-4', 'route', 'show', 'table', 'all'] },
    { kind: 'run', argv: ['ip', '-j', '-6', 'route', 'show', 'table', 'all'] },
  ],
  parse: () => {
    throw new Error('unwritten');
  },
});
