import { setMaxListeners } from 'node:events';
import type { FoundKubeconfig } from '../../cluster/client/find-kubeconfig.ts';
import type { Term } from '../../cluster/client/lead.ts';
import { waker } from '../../vm-networks/controller/waker.ts';
import { type ClusterReport, type Condition, isSameReport } from '../cluster-report.ts';
import { type FleetJudgement, type FleetMemory, freshMemory, judgeFleet } from '../judge-fleet.ts';
import type { FleetSight, StatusSight } from '../sight.ts';
import { changedConditions, clusterEvent } from '../told-events.ts';
import { fleetWrites } from './fleet-writes.ts';
import { nodeConditions } from './node-conditions.ts';
import { type FleetLook, statusLooks } from './status-looks.ts';
import { sweepRuns } from './sweep-runs.ts';
import type { FleetTally } from './tally.ts';
import { type TellFleet, tellingOnce } from './told.ts';
import { watchFleet } from './watch-fleet.ts';

export interface FleetSettings {
  readonly nodeConditions: 'on' | 'off';
  /** Between two looks as `hayward status` looks. */
  readonly statusEveryMs: number;
}

export interface FleetOptions {
  /** Who this one is among the replicas. */
  readonly name: string;
  /** How the cluster was found, and where. */
  readonly found: FoundKubeconfig;
  readonly path: string;
  readonly settings: FleetSettings;
  readonly tell: TellFleet;
  readonly tally: FleetTally;
}

/** What changes together is judged together. */
const TOGETHER_MS = 500;
/** What was refused, or could not be asked, is tried again after so long. */
const RETRY_MS = 10_000;
const SWEEP_MS = 60_000;
const NEVER = Number.POSITIVE_INFINITY;

/** Judges the whole as long as the term lasts, and writes what changed. Throws what is a bug. */
export async function keepFleet({ lost, client }: Term, options: FleetOptions): Promise<void> {
  const { name, found, path, settings, tally } = options;
  const ended = new AbortController();
  const signal = AbortSignal.any([lost, ended.signal]);
  // Each list and each write under way listens: that is bounded, and more than Node takes for a leak.
  setMaxListeners(0, signal);
  const tell = tellingOnce(options.tell);
  const rounds = waker(TOGETHER_MS, signal);
  const writes = fleetWrites(client, { instance: name, tell, tally, signal });
  let memory: FleetMemory = freshMemory({ inherited: undefined });
  let status: StatusSight | undefined;
  let written: ClusterReport | undefined;
  /** As the object has them: what is another by now is told once it is written. */
  let told: readonly Condition[] = [];
  let retryMs = NEVER;
  let bug: { readonly error: unknown } | undefined;

  const watch = watchFleet({
    client,
    changed: rounds.wake,
    awakens: (node) => memory.standings.get(node)?.state === 'silent',
    tell,
    tally,
    signal,
  });
  const conditions = nodeConditions({
    client,
    writes,
    mode: settings.nodeConditions,
    wake: rounds.wake,
    failed,
    tell,
    signal,
  });

  function failed(error: unknown): void {
    bug ??= { error };
    ended.abort();
  }
  function onLook(look: FleetLook): void {
    status = look.status;
    if (look.conditions) conditions.seen(look.conditions, look.begunMs);
    tally.looked();
    rounds.wake();
  }
  function sight(): FleetSight {
    return {
      nodes: watch.nodes,
      reports: watch.reports,
      heartbeats: watch.heartbeats,
      seeingSinceMs: watch.seeingSinceMs(),
      unseenSinceMs: watch.unseenSinceMs(),
      confirmedMs: watch.confirmedMs(),
      status,
      inherited: watch.own(),
    };
  }
  function judge(): FleetJudgement {
    return judgeFleet(sight(), memory, { ms: performance.now(), text: timeText(new Date()) });
  }
  async function say(report: ClusterReport): Promise<void> {
    const exists = watch.own() !== undefined;
    if (exists && isSameReport(report, written)) return;
    if (!(await writes.report(report, exists))) {
      retryMs = performance.now() + RETRY_MS;
      return;
    }
    written = report;
    const changed = changedConditions(told, report.conditions);
    told = report.conditions;
    for (const condition of changed) {
      const { type, status, reason, message } = condition;
      tell({ type: 'condition', condition: type, status, reason, message });
      await writes.event(clusterEvent(condition), watch.own()?.uid ?? '');
    }
  }
  async function turn(): Promise<void> {
    retryMs = NEVER;
    const first = judge();
    // They are asked for once; what they cannot tell now is asked again later.
    const isProven = !first.hasSuspects || (await watch.confirm());
    const judged = first.hasSuspects && isProven ? judge() : first;
    if (!isProven) retryMs = performance.now() + RETRY_MS;
    const before = memory;
    memory = judged.memory;
    tally.judged(judged.report);
    tellNodes(tell, before, memory);
    conditions.want(judged.wishes, watch.nodes, timeText(new Date()));
    await say(judged.report);
    await rounds.until(Math.min(judged.againMs, retryMs, conditions.retryMs()));
  }
  const beside: Promise<void>[] = [];
  try {
    const isSeen = await Promise.all([watch.synced, conditions.synced]);
    if (!isSeen.every(Boolean)) return;
    memory = freshMemory({ inherited: watch.own() });
    told = memory.conditions;
    tell({ type: 'judging', nodes: watch.nodes.size, reports: watch.reports.size });
    beside.push(
      statusLooks({ client, found, path, everyMs: settings.statusEveryMs, onLook, signal }).catch(failed),
      sweepRuns({ client, writes, everyMs: SWEEP_MS, tell, signal }).catch(failed),
    );
    while (!signal.aborted) await turn();
  } finally {
    ended.abort();
    await Promise.all([...beside, conditions.idle(), watch.ended]);
  }
  if (bug) throw bug.error;
}

/** Of a node that was well when it was first seen, or is too new to tell, nothing is told. */
function tellNodes(tell: TellFleet, before: FleetMemory, after: FleetMemory): void {
  for (const [node, { state, reason }] of after.standings) {
    const last = before.standings.get(node)?.state;
    if (last === state || state === 'awaited') continue;
    if (state === 'healthy' && (last === undefined || last === 'awaited')) continue;
    tell({ type: 'node', node, state, reason });
  }
}

/** RFC 3339 to the second, as metav1.Time is kept. */
function timeText(at: Date): string {
  return at.toISOString().replace(/\.\d+Z$/, 'Z');
}
