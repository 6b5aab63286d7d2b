import { sourceOf } from '../hosts/ask.ts';
import { known, mapReading, type Reading } from '../hosts/reading.ts';
import { servicesFromProc } from './ipvs-proc.ts';
import { countersFrom, withStats } from './ipvs-stats.ts';
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
  /** A fwmark service's mark. */
  readonly port: number;
  readonly scheduler: string;
  readonly flags: readonly string[];
  readonly stats?: IpvsStats;
  readonly destinations: readonly IpvsDestination[];
}

const PROC = '/proc/net/ip_vs';
const STATS = ['ipvsadm', '-L', '-n', '--stats', '--exact'] as const;

/** Virtual services; absent when the kernel has no IPVS loaded (/proc/net/ip_vs missing). Counters only where ipvsadm is installed. */
export const ipvs = subject<Reading<readonly IpvsService[]>>({
  asks: [
    { kind: 'file', path: PROC },
    { kind: 'run', argv: STATS, onlyIf: PROC },
  ],
  parse: (view) => {
    const services = mapReading(view.text(PROC), servicesFromProc);
    const counters = mapReading(view.text(sourceOf(STATS)), countersFrom);
    return services.known && counters.known
      ? known(withStats(services.value, counters.value), `${services.source}; ${counters.source}`)
      : services;
  },
});
