import type { NetworkKey, VmNetworkReport } from '../cluster/model.ts';

export type Request = 'route' | 'report' | 'asks' | 'remove';
export type Outcome = 'done' | 'refused';

/** What `/metrics` and `/readyz` are answered from. */
export interface Tally {
  readonly isLeading: () => boolean;
  readonly reports: () => ReadonlyMap<NetworkKey, VmNetworkReport>;
  readonly requests: () => ReadonlyMap<`${Request} ${Outcome}`, number>;
  leads(reports: ReadonlyMap<NetworkKey, VmNetworkReport>): void;
  stands(): void;
  reported(key: NetworkKey, report: VmNetworkReport | undefined): void;
  wrote(request: Request, outcome: Outcome): void;
}

export function makeTally(): Tally {
  const reports = new Map<NetworkKey, VmNetworkReport>();
  const requests = new Map<`${Request} ${Outcome}`, number>();
  let isLeading = false;
  return {
    isLeading: () => isLeading,
    reports: () => reports,
    requests: () => requests,
    leads(all) {
      isLeading = true;
      for (const [key, report] of all) reports.set(key, report);
    },
    stands() {
      isLeading = false;
      reports.clear();
    },
    reported(key, report) {
      if (report) reports.set(key, report);
      else reports.delete(key);
    },
    wrote(request, outcome) {
      const key = `${request} ${outcome}` as const;
      requests.set(key, (requests.get(key) ?? 0) + 1);
    },
  };
}
