import { createHash } from 'node:crypto';
import type { KubeWriter, Written } from '../../cluster/client/write.ts';
import {
  CLUSTER_REPORT,
  CLUSTER_REPORTS,
  type ClusterReport,
  CONTROLLER,
  clusterReportBody,
  emptyReportBody,
} from '../cluster-report.ts';
import { NODE_CONDITION, type NodeCondition } from '../node-condition.ts';
import type { FleetNode } from '../sight.ts';
import { fullBudget, spent, type ToldEvent } from '../told-events.ts';
import type { FleetTally, Write } from './tally.ts';
import type { TellFleet } from './told.ts';

/** Every write about the fleet, each told and counted. False where it was refused. */
export interface FleetWrites {
  report(report: ClusterReport, exists: boolean): Promise<boolean>;
  /** Undefined removes our condition. A Node that is gone meanwhile needs none. */
  nodeCondition(node: FleetNode, condition: NodeCondition | undefined): Promise<boolean>;
  /** Bounded; what was told a moment ago is counted on the Event that told it. */
  event(event: ToldEvent, uid: string): Promise<void>;
  removeNamespace(name: string): Promise<boolean>;
}

interface Ground {
  /** Who writes, among the replicas. */
  readonly instance: string;
  readonly tell: TellFleet;
  readonly tally: FleetTally;
  readonly signal: AbortSignal;
  /** Monotonic, ms. */
  readonly now?: () => number;
}

/** Events of what has no namespace are kept there (client-go tools/record/event.go). */
const EVENTS = '/apis/events.k8s.io/v1/namespaces/default/events';
/** What is not tried again within it never is: retries come each ten seconds, sweeps each minute. */
const TRIED_MS = 600_000;
/** What is told again within it is a series. */
const SERIES_MS = 600_000;
/** The API's own limit (events.k8s.io/v1, reportingInstance). */
const LONGEST_INSTANCE = 128;

interface Series {
  readonly name: string;
  readonly count: number;
  readonly untilMs: number;
}

export function fleetWrites(client: KubeWriter, ground: Ground): FleetWrites {
  const { instance, tell, tally, signal, now = () => performance.now() } = ground;
  const ours = { manager: CONTROLLER, force: true, signal } as const;
  /** When each was refused last: told once, until it comes through. A right that is missing is missing for a thousand nodes. */
  const complained = new Map<string, number>();
  const series = new Map<string, Series>();
  let budget = fullBudget(now());

  async function done(what: Write, object: string, writing: Promise<Written>): Promise<boolean> {
    const written = await writing;
    const isDone = written.kind === 'done' || written.kind === 'gone';
    tally.wrote(what, isDone ? 'done' : 'refused');
    if (written.kind === 'done' || written.kind === 'gone') complained.delete(object);
    else if (!signal.aborted) complain(object, written.detail);
    return isDone;
  }
  /** What is there is tried again and again; what has not been for long is there no more. */
  function complain(object: string, detail: string): void {
    const nowMs = now();
    for (const [one, refusedMs] of complained) if (refusedMs + TRIED_MS <= nowMs) complained.delete(one);
    const isTold = complained.has(object);
    complained.set(object, nowMs);
    if (!isTold) tell({ type: 'refused', object, detail });
  }
  function seriesOf(key: string, nowMs: number): Series | undefined {
    for (const [one, { untilMs }] of series) if (untilMs <= nowMs) series.delete(one);
    return series.get(key);
  }
  /** Counts it on the Event that told it. False where that is no longer there. */
  async function isRepeated(key: string, { name, count }: Series): Promise<boolean> {
    const more = { name, count: count + 1 };
    const patch = { series: { count: more.count, lastObservedTime: microTime(new Date()) } };
    const written = await client.merge(`${EVENTS}/${name}`, patch, { manager: CONTROLLER, signal });
    if (written.kind === 'gone') return false;
    if (await done('event', 'Events', Promise.resolve(written))) follow(key, more);
    return true;
  }
  /** Only what the API server took can be counted on later. */
  async function begin(key: string, event: ToldEvent, uid: string): Promise<void> {
    const at = new Date();
    const name = eventName(key, at);
    const reporter = {
      reportingController: 'hayward.internal/controller',
      reportingInstance: boundedInstance(instance),
    };
    const body = { ...eventBody(event, uid, at), ...reporter, metadata: { name, namespace: 'default' } };
    const written = await client.create(EVENTS, body, { signal });
    await done('event', 'Events', Promise.resolve(written));
    if (written.kind === 'done') follow(key, { name, count: 1 });
    else series.delete(key);
  }
  function follow(key: string, told: Pick<Series, 'name' | 'count'>): void {
    series.set(key, { ...told, untilMs: now() + SERIES_MS });
  }
  return {
    async report(report, exists) {
      const path = `${CLUSTER_REPORTS.path}/${CLUSTER_REPORT}`;
      const object = `${CLUSTER_REPORTS.kind} ${CLUSTER_REPORT}`;
      if (!exists && !(await done('report', object, client.apply(path, emptyReportBody(), ours)))) return false;
      const written = await client.apply(`${path}/status`, clusterReportBody(report), ours);
      // Gone: somebody removed it meanwhile, which the watch tells.
      return done('report', object, Promise.resolve(written)).then((isDone) => isDone && written.kind === 'done');
    },
    nodeCondition({ name, uid }, condition) {
      const patch = { metadata: { uid }, status: { conditions: [conditionPatch(condition)] } };
      const path = `/api/v1/nodes/${encodeURIComponent(name)}/status`;
      const options = { manager: CONTROLLER, strategic: true, signal };
      return done('node', `the condition of node ${name}`, client.merge(path, patch, options));
    },
    async event(event, uid) {
      const after = spent(budget, now());
      if (!after) {
        tally.wrote('event', 'withheld');
        return;
      }
      budget = after;
      const key = JSON.stringify(event);
      const before = seriesOf(key, now());
      if (!before || !(await isRepeated(key, before))) await begin(key, event, uid);
    },
    removeNamespace: (name) =>
      done('sweep', `namespace ${name}`, client.remove(`/api/v1/namespaces/${encodeURIComponent(name)}`, { signal })),
  };
}

/**
 * As the kubelet and node-problem-detector write theirs. Not by server-side apply: what a Node was created with is owned by nobody, so
 * that an apply which gives up our condition would take the kubelet's with it (seen on Kubernetes 1.33).
 */
function conditionPatch(condition: NodeCondition | undefined): object {
  if (!condition) return { $patch: 'delete', type: NODE_CONDITION };
  // NPD's permanent conditions have a heartbeat; this one is written on change alone, and so is its heartbeat.
  return { ...condition, lastHeartbeatTime: condition.lastTransitionTime };
}

function eventBody({ about, node, type, reason, note }: ToldEvent, uid: string, at: Date) {
  const regarding =
    about === 'node'
      ? { apiVersion: 'v1', kind: 'Node', name: node, uid }
      : { ...emptyReportBody(), metadata: undefined, name: CLUSTER_REPORT, uid };
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    eventTime: microTime(at),
    regarding,
    type,
    reason,
    action: 'Judge',
    note,
  };
}

function eventName(key: string, at: Date): string {
  const hash = createHash('sha256').update(`${key} ${at.toISOString()} ${process.hrtime.bigint()}`).digest('hex');
  return `hayward.${hash.slice(0, 20)}`;
}

function boundedInstance(name: string): string {
  return name.slice(0, LONGEST_INSTANCE);
}

/** Kubernetes' MicroTime: RFC 3339 with six digits (apimachinery/pkg/apis/meta/v1/micro_time.go). */
function microTime(at: Date): string {
  return at.toISOString().replace('Z', '000Z');
}
