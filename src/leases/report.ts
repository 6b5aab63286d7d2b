import type { Lang } from '../lang.ts';
import { type Forecast, forecastOf } from './forecast.ts';
import { type LeaseRecord, recordsOf } from './history.ts';
import { isUndecided, type Lease, type LeaseNetwork, type LeaseState, type LeaseVerdict } from './model.ts';
import type { JudgedLeases } from './observe.ts';
import { isOf, type SetUsage, usageOf } from './usage.ts';

/**
 * One network as `hayward leases` prints it. Capacity, used and free are those of its fullest range set, null where not
 * known; `leaked` counts every leaked lease.
 */
export interface NetworkReport {
  readonly target: string;
  readonly name: string;
  readonly dataDir: string;
  readonly ranges: readonly string[];
  readonly capacity: number | null;
  readonly used: number;
  readonly leaked: number;
  readonly free: number | null;
  /** Every range set, fullest first: of two families there are two. */
  readonly sets: readonly SetUsage[];
  /** Files in its directory that are neither leases nor host-local's own. */
  readonly foreignFiles: number;
  /** Why its ranges, or its leases, are not all known. */
  readonly unknown?: { readonly reason: string; readonly detail: string };
  readonly forecast: { readonly exhaustedAt: string | null; readonly why: string };
  /** Its leases as judged; `leaseReport` words one. Of tens of thousands no second list is made. */
  readonly verdicts: readonly LeaseVerdict[];
}

/** One lease as `hayward leases` prints it. */
export interface LeaseReport {
  readonly ip: string;
  readonly containerId: string;
  readonly ifName: string;
  /** RFC 3339, by the node's clock. */
  readonly since: string;
  readonly state: LeaseState;
  readonly why: readonly string[];
}

export interface ReportInput {
  readonly seen: JudgedLeases;
  readonly history: readonly LeaseRecord[];
  readonly lang: Lang;
}

export function networkReports({ seen, history, lang }: ReportInput): readonly NetworkReport[] {
  return seen.look.networks.map((network) => networkReport(network, { seen, history, lang }));
}

function networkReport(network: LeaseNetwork, { seen, history, lang }: ReportInput): NetworkReport {
  const { name, dataDir, readable, ranges, foreignFiles } = network;
  const own = seen.verdicts.filter(({ lease }) => isOf(lease, network));
  const sets = usageOf(network, own);
  const [fullest] = sets;
  const records = recordsOf(history, { dataDir, network: name });
  const { exhaustedAt, why } = forecastFor(fullest, records, seen.times);
  const missing = !readable.known && readable.reason !== 'absent' ? readable : ranges;
  return {
    target: seen.capture.target.name,
    name,
    dataDir,
    ranges: fullest?.ranges ?? [],
    capacity: fullest?.capacity ?? null,
    used: fullest?.used ?? own.length,
    leaked: own.filter(({ state }) => state === 'leaked').length,
    free: fullest?.free ?? null,
    sets,
    foreignFiles,
    ...(!missing.known && { unknown: { reason: missing.reason, detail: missing.detail } }),
    forecast: { exhaustedAt, why: why[lang] },
    verdicts: own,
  };
}

function forecastFor(
  fullest: SetUsage | undefined,
  records: readonly LeaseRecord[],
  { nowMs, clockStepped = false }: JudgedLeases['times'],
): Forecast {
  if (fullest) return forecastOf(records, { atMs: nowMs, free: fullest.free, clockStepped });
  const why = { en: 'its ranges are not known', 'zh-CN': '地址范围未知' };
  return { exhaustedAt: null, why };
}

/** A lease in words. */
export function leaseReport({ lease, state, why }: LeaseVerdict, lang: Lang): LeaseReport {
  const { ip, containerId, ifName } = lease;
  return { ip, containerId, ifName, since: sinceOf(lease), state, why: why.map((one) => one[lang]) };
}

/** When a lease was taken, by its file's time, which may be anything; a date beyond what can be written is none. */
export function sinceOf({ mtime }: Lease): string {
  const date = new Date(mtime);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

/** This look as lines of the history; of a network whose leases could not all be judged, none: the count would lie. */
export function countsOf({ look, verdicts, times, bootId }: JudgedLeases): readonly LeaseRecord[] {
  return look.networks.flatMap((network) => {
    const own = verdicts.filter(({ lease }) => isOf(lease, network));
    if (!network.readable.known || own.some(isUndecided)) return [];
    const leaked = own.filter(({ state }) => state === 'leaked').length;
    const at = { atMs: Math.round(times.nowMs), bootId: bootId.known ? bootId.value : '' };
    return [{ ...at, dataDir: network.dataDir, network: network.name, used: own.length, leaked }];
  });
}

/**
 * 1 while leaked leases are left or a range is full; 3 when something that decides could not be seen: a lease's state,
 * a directory, or whether there is any network at all; else 0.
 */
export function leasesStatus(seen: readonly JudgedLeases[]): 0 | 1 | 3 {
  const wrong = seen.some(
    ({ look, verdicts }) =>
      verdicts.some(({ state }) => state === 'leaked') ||
      look.networks.some((network) => usageOf(network, verdicts).some(({ free }) => free === 0)),
  );
  if (wrong) return 1;
  return seen.some(isUncertain) ? 3 : 0;
}

export function isUncertain({ capture, look, verdicts, unread }: JudgedLeases): boolean {
  if (capture.unreachable || unread.length > 0 || verdicts.some(isUndecided)) return true;
  return look.networks.some(({ readable }) => !readable.known && readable.reason !== 'absent');
}
