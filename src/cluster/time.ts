import type { ClusterSnapshot } from './model.ts';

/**
 * The moment to compare objects' timestamps with, in ms since the epoch: by the API server's clock where it is known, for by that
 * they were written.
 */
export function clusterNow({ takenAt, serverClock }: Pick<ClusterSnapshot, 'takenAt' | 'serverClock'>): number {
  const server = serverClock.known ? Date.parse(serverClock.value) : Number.NaN;
  return Number.isNaN(server) ? Date.parse(takenAt) : server;
}

/** Seconds from an RFC 3339 time to `now`; undefined where the text is no time. */
export function ageSeconds(time: string, now: number): number | undefined {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? undefined : (now - ms) / 1000;
}

/** Seconds between two RFC 3339 times. */
export function secondsBetween(earlier: string, later: string): number {
  return (Date.parse(later) - Date.parse(earlier)) / 1000;
}
