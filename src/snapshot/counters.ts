import { mapReading, type Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';

/** Counters of this network namespace since it was made. */
export interface Counters {
  /** TcpExt IPReversePathFilter of /proc/net/netstat: packets the kernel refused because of rp_filter. */
  readonly reversePathFiltered: Reading<number>;
  /** Ip Forwarding line of /proc/net/snmp: ForwDatagrams, InAddrErrors (a packet for elsewhere with forwarding off counts there). */
  readonly forwarded: Reading<number>;
  readonly inAddrErrors: Reading<number>;
}

const NETSTAT = '/proc/net/netstat';
const SNMP = '/proc/net/snmp';

/** These files hold pairs of lines, both starting with the group: the names, then the values. */
function counterOf(text: string, group: string, name: string): number {
  const lines = text.split('\n');
  const line = lines.findIndex((candidate) => candidate.startsWith(`${group}: `));
  const column = lines[line]?.split(' ').indexOf(name) ?? -1;
  if (line < 0 || column < 0) throw new Error(`${group} ${name}: no such counter`);
  const value = lines[line + 1]?.split(' ')[column];
  if (value === undefined || !/^\d+$/.test(value)) {
    throw new Error(`line ${line + 2}, field ${column + 1}: ${group} ${name} is not a number`);
  }
  return Number(value);
}

export const counters = subject<Counters>({
  asks: [
    { kind: 'file', path: NETSTAT },
    { kind: 'file', path: SNMP },
  ],
  parse: (view) => {
    const counter = (path: string, group: string, name: string) =>
      mapReading(view.text(path), (text) => counterOf(text, group, name));
    return {
      reversePathFiltered: counter(NETSTAT, 'TcpExt', 'IPReversePathFilter'),
      forwarded: counter(SNMP, 'Ip', 'ForwDatagrams'),
      inAddrErrors: counter(SNMP, 'Ip', 'InAddrErrors'),
    };
  },
});
