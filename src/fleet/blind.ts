import { LEASE_SECONDS } from './heartbeat.ts';
import type { FleetSight, Moment, Watched } from './sight.ts';

/** What has long not been seen, so that what was seen last stands for nothing any more. */
export interface Blind {
  readonly to: Watched | undefined;
  /** When more will have been unseen for long, ms. */
  readonly againMs: number;
}

const LONG_MS = LEASE_SECONDS * 1000;

/** As long as an agent may be silent its controller may be blind, and no longer. Pure. */
export function blindnessOf({ unseenSinceMs }: Pick<FleetSight, 'unseenSinceMs'>, at: Moment): Blind {
  const { reports, leases } = unseenSinceMs;
  const isLong = (since: number | undefined): boolean => since !== undefined && at.ms >= since + LONG_MS;
  const to = isLong(reports) ? 'reports' : isLong(leases) ? 'leases' : undefined;
  const still = [reports, leases].flatMap((since) => (since === undefined || isLong(since) ? [] : since + LONG_MS));
  return { to, againMs: Math.min(Number.POSITIVE_INFINITY, ...still) };
}
