import type { Verdict } from '../cluster/verdict.ts';
import type { ClusterFinding, Inherited } from './cluster-report.ts';
import type { NodeReport } from './node-report.ts';

/** A Node object, as far as it matters here. */
export interface FleetNode {
  readonly name: string;
  readonly uid: string;
}

/** What is known of a node's Lease. Times are ms of one's own clock, which is monotonic: those in the Lease are of another's. */
export interface Heartbeat {
  /** spec.renewTime as it stands there: only whether it is another one matters. */
  readonly renewed: string;
  /** spec.leaseDurationSeconds: after so long without another renewal its agent is silent. */
  readonly durationMs: number;
  /** When it was first seen as it is now. */
  readonly changedMs: number;
}

/** What the last look of `hayward status` saw. */
export interface StatusSight {
  readonly verdict: Verdict;
  readonly findings: readonly ClusterFinding[];
  /** Looks in a row that ended unknown, this one among them. */
  readonly unknownLooks: number;
}

/** What guards write, and what a judgement of the whole goes by. */
export type Watched = 'reports' | 'leases';

/** Everything a judgement of the whole is made from. */
export interface FleetSight {
  readonly nodes: ReadonlyMap<string, FleetNode>;
  readonly reports: ReadonlyMap<string, NodeReport>;
  readonly heartbeats: ReadonlyMap<string, Heartbeat>;
  /** Since when Leases have been seen without a gap; undefined while they are not seen. */
  readonly seeingSinceMs: number | undefined;
  /** Since when what is not seen now has not been, ms; undefined for what is seen. */
  readonly unseenSinceMs: Readonly<Record<Watched, number | undefined>>;
  /** When the Leases were last asked for afresh: what had not been renewed by then had not been renewed. */
  readonly confirmedMs: number;
  /** Not there before the first look has ended. */
  readonly status: StatusSight | undefined;
  /** What the report said when one began to lead; undefined where there was none. */
  readonly inherited: Inherited | undefined;
}

/** A moment, by two clocks. */
export interface Moment {
  /** Monotonic. */
  readonly ms: number;
  /** RFC 3339, to the second. */
  readonly text: string;
}
