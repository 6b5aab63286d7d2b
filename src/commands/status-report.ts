import type { ClusterSnapshot } from '../cluster/model.ts';
import { clusterProfileOf } from '../cluster/profile.ts';
import type { Severity } from '../judging/finding.ts';
import { exitStatus } from '../report/exit-status.ts';
import type { Report, Version } from '../report/report.ts';
import { VERSION } from '../version.ts';
import type { Look } from './status-look.ts';

/** A look as the report every format prints. */
export function reportOf({ snapshot, verdict, findings, durationMs }: Look, only?: readonly string[]): Report {
  const { profile, evidence } = clusterProfileOf(snapshot);
  return {
    tool: { name: 'hayward', version: VERSION },
    takenAt: snapshot.takenAt,
    durationMs,
    targets: [
      {
        name: snapshot.target,
        ...(snapshot.kubeconfig.owner === 'bundle'
          ? { via: 'bundle' as const, takenAt: snapshot.takenAt }
          : { via: 'kubernetes' as const }),
        profile,
        profileEvidence: evidence,
        versions: versionsIn(snapshot),
      },
    ],
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

function versionsIn({ apiServers, harvesterVersion, nodes }: ClusterSnapshot): readonly Version[] {
  const servers = apiServers.flatMap(({ version }) => (version.known ? [version.value] : []));
  const kubelets = nodes.known ? nodes.value.map(({ kubeletVersion }) => kubeletVersion) : [];
  const told = (what: string, versions: readonly string[]): Version[] =>
    versions.length === 0 ? [] : [{ what, version: [...new Set(versions)].join(', ') }];
  return [
    ...told('Harvester', harvesterVersion.known ? [harvesterVersion.value] : []),
    ...told('Kubernetes', servers),
    ...told('kubelets', kubelets),
    ...told('nodes', nodes.known ? [String(nodes.value.length)] : []),
  ];
}

/** Names of hosts that findings may tell of. */
export function hostsIn({ nodes, ownNode }: ClusterSnapshot): readonly string[] {
  return [...(nodes.known ? nodes.value : []), ...(ownNode.known ? [ownNode.value] : [])].map(({ name }) => name);
}

/** What was asked of the answer: the least severity that counts, and the problems it was restricted to. */
export interface ExitOptions {
  readonly failOn: Extract<Severity, 'critical' | 'warning'>;
  readonly only?: readonly string[];
}

/**
 * What an answer is to a script: 1 not ready, or ready with a problem that counts; 3 still settling or not known, whatever else is
 * found, for it is to ask again; 0 ready and nothing wrong. Where other problems alone were asked for, they are the answer.
 */
export function statusExit(look: Pick<Look, 'verdict' | 'findings'>, { failOn, only }: ExitOptions): 0 | 1 | 3 {
  const { verdict, findings } = look;
  const asksForAll = only === undefined || only.includes('cluster-ready');
  if (!asksForAll || verdict === 'ready') return exitStatus(findings, failOn);
  return verdict === 'not-ready' ? 1 : 3;
}
