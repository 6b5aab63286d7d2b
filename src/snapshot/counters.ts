import type { Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';

/** Counters of this network namespace since it was made. */
export interface Counters {
  /** TcpExt IPReversePathFilter of /proc/net/netstat: packets the kernel refused because of rp_filter. */
  readonly reversePathFiltered: Reading<number>;
  /** Ip Forwarding line of /proc/net/snmp: ForwDatagrams, InAddrErrors (a packet for elsewhere with forwarding off counts there). */
  readonly forwarded: Reading<number>;
  readonly inAddrErrors: Reading<number>;
}

export const counters = subject<Counters>({
  asks: [
    { kind: 'file', path: '/proc/net/netstat' },
    { kind: 'file', path: '/proc/net/snmp' },
  ],
  parse: () => {
    throw new Error('unwritten');
  },
});
