import { setTimeout as wait } from 'node:timers/promises';
import type { KubeConnection } from '../../cluster/client/connection.ts';
import type { FoundKubeconfig } from '../../cluster/client/find-kubeconfig.ts';
import { collectCluster } from '../../cluster/collect/collect.ts';
import { openWire } from '../../cluster/collect/wire.ts';
import { judgeCluster } from '../../cluster/judge.ts';
import { type Memory, NO_MEMORY } from '../../cluster/memory.ts';
import type { NodeLook } from '../../cluster/model/nodes.ts';
import type { Finding } from '../../judging/finding.ts';
import type { ClusterFinding } from '../cluster-report.ts';
import { NODE_CONDITION, type NodeCondition } from '../node-condition.ts';
import type { StatusSight } from '../sight.ts';

/** What one look of `hayward status` brought. */
export interface FleetLook {
  readonly status: StatusSight;
  /** Our condition on each Node, where all could be read; those without it are there as undefined. */
  readonly conditions: ReadonlyMap<string, NodeCondition | undefined> | undefined;
  /** When it began, ms: what was written since it may not have seen. */
  readonly begunMs: number;
}

export interface StatusLooksOptions {
  readonly client: KubeConnection;
  readonly found: FoundKubeconfig;
  /** Where the kubeconfig was found. */
  readonly path: string;
  readonly everyMs: number;
  readonly onLook: (look: FleetLook) => void;
  readonly signal: AbortSignal;
}

/** What a ClusterReport holds of them. */
const MOST_FINDINGS = 32;

/** Of a large cluster a look is much JSON: all of them together take no more than half a percent of a core. */
const SHARE = 200;
/** So often at least, whatever it costs. */
const LONGEST_MS = 600_000;

/** Looks as `hayward status` does, again and again, a tenth sooner or later each time; resolves once the signal is aborted. */
export async function statusLooks(options: StatusLooksOptions): Promise<void> {
  const { client, found, path, everyMs, onLook, signal } = options;
  const wire = openWire();
  let memory: Memory = NO_MEMORY;
  let unknownLooks = 0;
  while (!signal.aborted) {
    const begunMs = performance.now();
    const begun = process.cpuUsage();
    const snapshot = await collectCluster(client, { found, path, wire, signal });
    if (signal.aborted) return;
    const answer = judgeCluster(snapshot, { lang: 'en' }, memory);
    memory = answer.memory;
    unknownLooks = answer.verdict === 'unknown' ? unknownLooks + 1 : 0;
    const findings = answer.findings.flatMap((one) => toldOf(one) ?? []).slice(0, MOST_FINDINGS);
    onLook({
      status: { verdict: answer.verdict, findings, unknownLooks },
      conditions: snapshot.nodes.known ? conditionsOn(snapshot.nodes.value) : undefined,
      begunMs,
    });
    const { user, system } = process.cpuUsage(begun);
    const costMs = (user + system) / 1_000;
    const pauseMs = Math.max(everyMs, Math.min(LONGEST_MS, SHARE * costMs));
    await wait(pauseMs * (0.9 + Math.random() / 5), undefined, { signal }).catch(() => undefined);
  }
}

/** The verdict itself is told beside them. */
function toldOf({ problem, subject, status, severity, phase, title }: Finding): ClusterFinding | undefined {
  if ((status !== 'problem' && status !== 'unknown') || severity === 'info' || problem === 'cluster-ready')
    return undefined;
  return { problem, subject, status, severity, ...(phase && { phase }), title };
}

function conditionsOn(nodes: readonly NodeLook[]): FleetLook['conditions'] {
  return new Map(
    nodes.map(({ name, conditions }) => {
      const own = conditions.find(({ type }) => type === NODE_CONDITION);
      return [name, own && { ...own, type: NODE_CONDITION }];
    }),
  );
}
