import type { Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';

export interface IpvsDestination {
  readonly address: string;
  readonly port: number;
  /** Masq, Route, Tunnel, Local */
  readonly forward: string;
  readonly weight: number;
  readonly stats?: IpvsStats;
}

/** Counters since the service was made, as `ipvsadm -L -n --stats --exact` prints them. */
export interface IpvsStats {
  readonly connections: number;
  readonly inPackets: number;
  readonly outPackets: number;
  readonly inBytes: number;
  readonly outBytes: number;
}

export interface IpvsService {
  readonly protocol: 'tcp' | 'udp' | 'sctp' | 'fwmark';
  /** Empty for a fwmark service. */
  readonly address: string;
  readonly port: number;
  readonly scheduler: string;
  readonly flags: readonly string[];
  readonly stats?: IpvsStats;
  readonly destinations: readonly IpvsDestination[];
}

/** Virtual services; absent when the kernel has no IPVS loaded (/proc/net/ip_vs missing). Counters only where ipvsadm is installed. */
export const ipvs = subject<Reading<readonly IpvsService[]>>({
  asks: [
    { kind: 'file', path: '/proc/net/ip_vs' },
    { kind: 'run', argv: ['ipvsadm', '-L', '-n', '--stats', '--exact'], onlyIf: '/proc/net/ip_vs' },
  ],
  parse: () => {
    throw new Error('unwritten');
  },
});
