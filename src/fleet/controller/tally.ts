import type { ClusterReport } from '../cluster-report.ts';

export type Write = 'report' | 'node' | 'event' | 'sweep';
/** `withheld`: an Event there was no budget for. */
export type WriteOutcome = 'done' | 'refused' | 'withheld';

/** What `/metrics` and `/readyz` are answered from. */
export interface FleetTally {
  readonly isLeading: () => boolean;
  /** As last judged; undefined while it stands by. */
  readonly report: () => ClusterReport | undefined;
  readonly writes: () => ReadonlyMap<`${Write} ${WriteOutcome}`, number>;
  /** By verb, of the whole process. */
  readonly requests: () => ReadonlyMap<string, number>;
  /** Seconds since all of it was last seen to be as it is, and since the last look of status; undefined while it stands by. */
  readonly syncAge: () => number | undefined;
  readonly statusAge: () => number | undefined;
  leads(): void;
  stands(): void;
  judged(report: ClusterReport): void;
  synced(): void;
  looked(): void;
  wrote(what: Write, outcome: WriteOutcome): void;
  asked(verb: string): void;
}

export function makeFleetTally(now: () => number = () => performance.now()): FleetTally {
  const writes = new Map<`${Write} ${WriteOutcome}`, number>();
  const requests = new Map<string, number>();
  let isLeading = false;
  let report: ClusterReport | undefined;
  let syncedMs: number | undefined;
  let lookedMs: number | undefined;
  const age = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : (now() - ms) / 1000);
  return {
    isLeading: () => isLeading,
    report: () => report,
    writes: () => writes,
    requests: () => requests,
    syncAge: () => age(syncedMs),
    statusAge: () => age(lookedMs),
    leads() {
      isLeading = true;
    },
    stands() {
      isLeading = false;
      report = undefined;
      syncedMs = undefined;
      lookedMs = undefined;
    },
    judged(judged) {
      report = judged;
    },
    synced() {
      syncedMs = now();
    },
    looked() {
      lookedMs = now();
    },
    wrote(what, outcome) {
      const key = `${what} ${outcome}` as const;
      writes.set(key, (writes.get(key) ?? 0) + 1);
    },
    asked(verb) {
      requests.set(verb, (requests.get(verb) ?? 0) + 1);
    },
  };
}
