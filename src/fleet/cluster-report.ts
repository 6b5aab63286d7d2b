import type { ListedObject } from '../cluster/client/list.ts';
import type { KubeBody } from '../cluster/client/write.ts';
import { identityOf, listAt, objectAt, textAt } from '../cluster/object-fields.ts';
import type { Verdict } from '../cluster/verdict.ts';
import { firstLine } from '../hosts/sanitise.ts';
import { PHASES, type Phase, SEVERITIES, type Severity } from '../judging/finding.ts';
import { API_VERSION } from '../vm-networks/cluster/model.ts';

/** What the cluster tells of itself: one object, written by the controller that leads (deploy/controller/crds.yaml). */
export const CLUSTER_REPORTS = {
  kind: 'ClusterReport',
  plural: 'clusterreports',
  path: `/apis/${API_VERSION}/clusterreports`,
} as const;
/** The only one there is. */
export const CLUSTER_REPORT = 'cluster';
/** Who writes it and the condition on Nodes, to server-side apply. */
export const CONTROLLER = 'hayward-controller';

export const CONDITION_TYPES = ['Ready', 'AgentsReporting', 'NodesHealthy', 'NodesAlike'] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];
const STATUSES = ['True', 'False', 'Unknown'] as const;
export type ConditionStatus = (typeof STATUSES)[number];

/** metav1.Condition without its times. */
export interface Said<T extends string = string> {
  readonly type: T;
  readonly status: ConditionStatus;
  /** CamelCase, as the API's pattern for reasons wants it. */
  readonly reason: string;
  readonly message: string;
}

/** metav1.Condition. */
export interface Condition extends Said<ConditionType> {
  readonly observedGeneration: number;
  /** RFC 3339, to the second: when the status last became another. */
  readonly lastTransitionTime: string;
}

/**
 * How one node stands. `settling`: what is wrong may pass by itself; `unknown`: its own agent cannot tell; `silent`: its agent's
 * heartbeat has stopped; `missing`: no agent has ever reported; `awaited`: too new to tell.
 */
export const NODE_STATES = ['healthy', 'settling', 'problem', 'unknown', 'silent', 'missing', 'awaited'] as const;
export type NodeState = (typeof NODE_STATES)[number];

/** A node that is not simply healthy. */
export interface StandingNode {
  readonly name: string;
  readonly state: Exclude<NodeState, 'healthy'>;
  /** CamelCase: the worst problem, or why it is not known. */
  readonly reason: string;
  /** RFC 3339: since when a controller has said so. */
  readonly since: string;
  /** Of one that is silent: its Lease's last word, by which a new leader knows it for silent without waiting again. */
  readonly heartbeat?: string;
}

/** One problem, and the nodes that have it. */
export interface SharedProblem {
  readonly problem: string;
  readonly severity: Severity;
  readonly title: string;
  readonly count: number;
  /** The first of them by name. */
  readonly nodes: readonly string[];
}

/** A finding of `hayward status` that is a problem or not known. */
export interface ClusterFinding {
  readonly problem: string;
  readonly subject: string;
  readonly status: 'problem' | 'unknown';
  readonly severity: Severity;
  readonly phase?: Phase;
  readonly title: string;
}

/** Something in which nodes differ that should be alike. */
export interface FleetDifference {
  readonly kind: 'fact' | 'setting';
  readonly subject: string;
  /** What more than half of the nodes have; empty where no value is. */
  readonly common: string;
  /** The other values, the rarest first; all of them where none is common. */
  readonly others: readonly OtherValue[];
}

export interface OtherValue {
  readonly value: string;
  readonly count: number;
  readonly nodes: readonly string[];
}

export type NodeCounts = Readonly<Record<NodeState | 'total', number>>;

/** `status` of the ClusterReport. It has no spec: it is asked nothing. */
export interface ClusterReport {
  readonly verdict: Verdict;
  readonly nodes: NodeCounts;
  /** Healthy ones, of how many: "997/1000". */
  readonly healthyNodes: string;
  readonly standing: readonly StandingNode[];
  readonly problems: readonly SharedProblem[];
  readonly cluster: readonly ClusterFinding[];
  readonly differences: readonly FleetDifference[];
  readonly conditions: readonly Condition[];
}

/** What a successor takes over of a report: what was said, and of which nodes. */
export interface Inherited {
  readonly uid: string;
  readonly generation: number;
  readonly verdict: Verdict;
  readonly cluster: readonly ClusterFinding[];
  readonly standing: readonly StandingNode[];
  readonly conditions: readonly Condition[];
}

/** Reads what a ClusterReport has already said, without believing its form. Undefined for one on its way out. */
export function inheritedFrom(object: ListedObject): Inherited | undefined {
  const identity = identityOf(object);
  if (!identity) return undefined;
  const status = objectAt(object, 'status');
  return {
    uid: identity.uid,
    generation: identity.generation,
    verdict: VERDICTS.find((one) => one === textAt(status, 'verdict')) ?? 'unknown',
    cluster: listAt(status, 'cluster').flatMap((one) => findingFrom(one) ?? []),
    standing: listAt(status, 'standing').flatMap((one) => standingFrom(one) ?? []),
    conditions: listAt(status, 'conditions').flatMap((one) => conditionFrom(one) ?? []),
  };
}

const VERDICTS: readonly Verdict[] = ['ready', 'settling', 'not-ready', 'unknown'];

function findingFrom(value: unknown): ClusterFinding | undefined {
  const problem = textAt(value, 'problem');
  const status = (['problem', 'unknown'] as const).find((one) => one === textAt(value, 'status'));
  const severity = SEVERITIES.find((one) => one === textAt(value, 'severity'));
  if (problem === undefined || !status || !severity) return undefined;
  const phase = PHASES.find((one) => one === textAt(value, 'phase'));
  const subject = textAt(value, 'subject') ?? '';
  return { problem, subject, status, severity, ...(phase && { phase }), title: textAt(value, 'title') ?? '' };
}

function standingFrom(value: unknown): StandingNode | undefined {
  const name = textAt(value, 'name');
  const state = NODE_STATES.find((one) => one === textAt(value, 'state'));
  if (name === undefined || state === undefined || state === 'healthy') return undefined;
  const heartbeat = textAt(value, 'heartbeat');
  return {
    name,
    state,
    reason: firstLine(textAt(value, 'reason') ?? ''),
    since: textAt(value, 'since') ?? '',
    ...(heartbeat !== undefined && { heartbeat }),
  };
}

function conditionFrom(value: unknown): Condition | undefined {
  const type = CONDITION_TYPES.find((one) => one === textAt(value, 'type'));
  const status = STATUSES.find((one) => one === textAt(value, 'status'));
  const lastTransitionTime = textAt(value, 'lastTransitionTime');
  if (!type || !status || lastTransitionTime === undefined) return undefined;
  const observed = objectAt(value)?.['observedGeneration'];
  return {
    type,
    status,
    reason: textAt(value, 'reason') ?? '',
    message: textAt(value, 'message') ?? '',
    observedGeneration: typeof observed === 'number' ? observed : 0,
    lastTransitionTime,
  };
}

const ABOUT = { apiVersion: API_VERSION, kind: CLUSTER_REPORTS.kind, metadata: { name: CLUSTER_REPORT } };

/** The object itself, which says nothing yet: its status is a part of its own. */
export function emptyReportBody(): KubeBody {
  return ABOUT;
}

/** What is applied to the ClusterReport's status. */
export function clusterReportBody(status: ClusterReport): KubeBody {
  return { ...ABOUT, status };
}

/** Whether two reports say the same. */
export function isSameReport(one: ClusterReport, other: ClusterReport | undefined): boolean {
  return other !== undefined && JSON.stringify(one) === JSON.stringify(other);
}
