import { clusterProfileOf } from '../cluster/profile.ts';
import type { Verdict } from '../cluster/verdict.ts';
import type { Report } from '../report/report.ts';
import { VERSION } from '../version.ts';
import type { Look } from './status-look.ts';

/** A look as the report every format prints. */
export function reportOf({ snapshot, verdict, findings, durationMs }: Look, only?: readonly string[]): Report {
  const { profile, evidence } = clusterProfileOf(snapshot);
  return {
    tool: { name: 'hayward', version: VERSION },
    takenAt: snapshot.takenAt,
    durationMs,
    targets: [{ name: snapshot.target, via: 'kubernetes', profile, profileEvidence: evidence }],
    findings,
    ...(only && { only }),
    cluster: {
      verdict,
      server: snapshot.apiServers[0]?.url ?? '',
      kubeconfig: snapshot.kubeconfig,
      ...(snapshot.identity.known && { user: snapshot.identity.value.username }),
    },
  };
}

/** What the answer is to a script: 0 ready, 1 not ready, 3 not decided. */
export function statusExit(verdict: Verdict): 0 | 1 | 3 {
  if (verdict === 'ready') return 0;
  return verdict === 'not-ready' ? 1 : 3;
}
