import {
  CONDITION_TYPES,
  type Condition,
  type ConditionType,
  type FleetDifference,
  type NodeCounts,
  type Said,
  type SharedProblem,
} from './cluster-report.ts';
import { differenceWords, oddOnes } from './differences.ts';
import { LEASE_SECONDS } from './heartbeat.ts';
import { namesIn, reasonFrom } from './names.ts';
import type { StatusSight, Watched } from './sight.ts';

export interface Whole {
  readonly counts: NodeCounts;
  readonly problems: readonly SharedProblem[];
  readonly differences: readonly FleetDifference[];
  /** Nodes of which no report counts now, by name. */
  readonly unheard: readonly string[];
  /** Nodes whose reports were compared. */
  readonly compared: number;
  /** What has not been seen for so long that nothing can be said of nodes by it. */
  readonly blindTo: Watched | undefined;
}

/** Of the looks of `hayward status`, so many in a row must end unknown: one that failed is the network's hiccup. */
const UNKNOWN_LOOKS = 2;
/** A metav1.Condition's message may be 32,768 characters; nobody reads so many. */
const LONGEST_MESSAGE = 1_000;

const COMES_AND_GOES = 'a problem comes and goes; there is none at this moment';

/** What the conditions say now. One that cannot be told yet is not among them: it stays as it was. */
export function saidOf(
  whole: Whole,
  status: StatusSight | undefined,
  before: readonly Condition[],
): Said<ConditionType>[] {
  const said = [readyOf(status, before), ...ofNodes(whole)];
  return said.flatMap((one) => one ?? []).map((one) => ({ ...one, message: bounded(one.message) }));
}

/** Old words are not how nodes are now: without reports nothing is known of them; without Leases, not whose report still counts. */
function ofNodes(whole: Whole): readonly (Said<ConditionType> | undefined)[] {
  const alike = nodesAlike(whole);
  if (!whole.blindTo) return [agentsReporting(whole), nodesHealthy(whole), alike];
  const unseen = UNSEEN[whole.blindTo];
  const isAlikeKnown = whole.blindTo !== 'reports';
  return [
    { type: 'AgentsReporting', ...unseen },
    { type: 'NodesHealthy', ...unseen },
    isAlikeKnown ? alike : { type: 'NodesAlike', ...unseen },
  ];
}

const UNSEEN: Readonly<Record<Watched, Omit<Said, 'type'>>> = {
  reports: {
    status: 'Unknown',
    reason: 'ReportsNotSeen',
    message: `the controller has seen no NodeReports for ${LEASE_SECONDS} s; its log says why`,
  },
  leases: {
    status: 'Unknown',
    reason: 'LeasesNotSeen',
    message: `the controller has seen no Leases of guards for ${LEASE_SECONDS} s; its log says why`,
  },
};

/** Conditions after what is said now. lastTransitionTime is of the status: another reason or message leaves it as it was. */
export function conditionsAfter(
  before: readonly Condition[],
  said: readonly Said<ConditionType>[],
  { at, generation }: { readonly at: string; readonly generation: number },
): readonly Condition[] {
  const kept = before.filter(({ type }) => !said.some((one) => one.type === type));
  const now = said.map((one): Condition => {
    const last = before.find(({ type }) => type === one.type);
    const lastTransitionTime = last?.status === one.status ? last.lastTransitionTime : at;
    return { ...one, observedGeneration: generation, lastTransitionTime };
  });
  const order = ({ type }: Condition): number => CONDITION_TYPES.indexOf(type);
  return [...kept, ...now].sort((a, b) => order(a) - order(b));
}

/**
 * What `hayward status` answers. What settles is not decided yet, so the status stays what it was: so it does under a new leader, who does
 * not know how long it has been settling.
 */
function readyOf(status: StatusSight | undefined, before: readonly Condition[]): Said<'Ready'> | undefined {
  if (!status) return undefined;
  const last = before.find(({ type }) => type === 'Ready');
  const deciding = status.findings.filter(({ severity }) => severity === 'critical');
  const message = deciding.map(({ title }) => title).join('; ');
  switch (status.verdict) {
    case 'ready':
      return { type: 'Ready', status: 'True', reason: 'Ready', message: 'hayward status finds the cluster ready' };
    case 'not-ready':
      return { type: 'Ready', status: 'False', reason: reasonOf(deciding, 'problem', 'NotReady'), message };
    case 'settling':
      if (last?.status === 'False') return undefined;
      return { type: 'Ready', status: last?.status ?? 'Unknown', reason: 'Settling', message };
    case 'unknown':
      if (last && status.unknownLooks < UNKNOWN_LOOKS) return undefined;
      return { type: 'Ready', status: 'Unknown', reason: reasonOf(deciding, 'unknown', 'NotKnown'), message };
  }
}

function reasonOf(deciding: StatusSight['findings'], status: 'problem' | 'unknown', otherwise: string): string {
  const first = deciding.find((one) => one.status === status);
  return first ? reasonFrom(first.problem) : otherwise;
}

function agentsReporting({ counts, unheard }: Whole): Said<'AgentsReporting'> | undefined {
  const type = 'AgentsReporting';
  const { total, silent, missing, awaited } = counts;
  if (silent + missing > 0) {
    const reason = silent > 0 ? 'AgentsSilent' : 'AgentsMissing';
    const heard = total - silent - missing - awaited;
    return { type, status: 'False', reason, message: `${heard} of ${total} nodes report; not ${namesIn(unheard)}` };
  }
  if (awaited > 0) return undefined;
  if (total === 0) return { type, status: 'Unknown', reason: 'NoNodes', message: 'there are no nodes' };
  return { type, status: 'True', reason: 'AllReport', message: `${total} of ${total} nodes report` };
}

function nodesHealthy({ counts, problems, unheard }: Whole): Said<'NodesHealthy'> | undefined {
  const type = 'NodesHealthy';
  const { total, problem, unknown, silent, missing, settling, awaited } = counts;
  if (problem > 0) {
    const [first] = problems;
    const told = problems.map(({ title, nodes, count }) => `${title} (${namesIn(nodes, count)})`).join('; ');
    return { type, status: 'False', reason: reasonFrom(first?.problem ?? ''), message: told || COMES_AND_GOES };
  }
  if (silent + missing > 0) {
    return { type, status: 'Unknown', reason: 'AgentsSilent', message: `nothing is known of ${namesIn(unheard)}` };
  }
  if (unknown > 0) {
    return { type, status: 'Unknown', reason: 'NotKnown', message: `${unknown} of ${total} nodes cannot tell` };
  }
  if (settling + awaited > 0) return undefined;
  if (total === 0) return { type, status: 'Unknown', reason: 'NoNodes', message: 'there are no nodes' };
  return { type, status: 'True', reason: 'AllHealthy', message: `${total} of ${total} nodes are healthy` };
}

function nodesAlike({ counts, differences, compared }: Whole): Said<'NodesAlike'> | undefined {
  const type = 'NodesAlike';
  const [first] = differences;
  if (first) {
    const reason = first.common === '' ? 'NodesDiffer' : oddOnes(first) === 1 ? 'OddOneOut' : 'OddOnesOut';
    return { type, status: 'False', reason, message: differences.map(differenceWords).join('. ') };
  }
  if (counts.awaited > 0) return undefined;
  if (compared === 0) return { type, status: 'Unknown', reason: 'NoReports', message: 'no node reports' };
  return { type, status: 'True', reason: 'Alike', message: `${compared} of ${counts.total} nodes compared` };
}

function bounded(text: string): string {
  return text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE - 1)}…` : text;
}
