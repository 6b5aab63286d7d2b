import { type NodeReport, saysTheSame } from './node-report.ts';

/** Decides when what a node has to say is worth a request. Pure: the clock is passed in. */
export interface Settling {
  /**
   * At each look: what there is to say that was not said yet, undefined where there is nothing.
   *
   * @param urgent nothing was ever said.
   */
  ripe(report: NodeReport | undefined, urgent: boolean, nowMs: number): boolean;
}

/** What never comes to rest, as a setting two programs fight over, is told all the same. */
const RESTLESS_MS = 30_000;

/** A setting is wrong for the moment between its change and its repair: only what two looks in succession see the same is told. */
export function makeSettling(): Settling {
  let seen: NodeReport | undefined;
  let sinceMs: number | undefined;
  return {
    ripe(report, urgent, nowMs) {
      if (!report) {
        seen = undefined;
        sinceMs = undefined;
        return false;
      }
      const settled = seen !== undefined && saysTheSame(report, seen);
      sinceMs ??= nowMs;
      const ripe = urgent || settled || nowMs - sinceMs >= RESTLESS_MS;
      seen = report;
      if (ripe) sinceMs = undefined;
      return ripe;
    },
  };
}
