import { blindnessOf } from './blind.ts';
import {
  type ClusterFinding,
  type ClusterReport,
  type Condition,
  NODE_STATES,
  type NodeCounts,
  type NodeState,
  type StandingNode,
} from './cluster-report.ts';
import { conditionsAfter, saidOf } from './conditions.ts';
import { fleetDifferences } from './differences.ts';
import { compareText, MOST_NAMED } from './names.ts';
import { type NodeWish, nodeWish } from './node-condition.ts';
import type { NodeReport } from './node-report.ts';
import { type Standing, standingOf } from './node-standing.ts';
import { sharedProblems } from './roll-up.ts';
import type { FleetSight, Moment } from './sight.ts';

/** What one judgement leaves to the next. */
export interface FleetMemory {
  readonly standings: ReadonlyMap<string, Standing>;
  readonly conditions: readonly Condition[];
  readonly cluster: readonly ClusterFinding[];
}

export interface FleetJudgement {
  readonly report: ClusterReport;
  /** What each Node is to say of itself. */
  readonly wishes: ReadonlyMap<string, NodeWish>;
  /** Agents have not been heard in time: the Leases are to be asked for afresh before they are called silent. */
  readonly hasSuspects: boolean;
  /** When to judge again although nothing happens, ms. */
  readonly againMs: number;
  readonly memory: FleetMemory;
}

/** What begins with nothing: what an earlier leader said is in the sight. */
export function freshMemory({ inherited }: Pick<FleetSight, 'inherited'>): FleetMemory {
  return { standings: new Map(), conditions: inherited?.conditions ?? [], cluster: inherited?.cluster ?? [] };
}

/** Judges all nodes as one. Pure: time is given, and what was said before is in the memory. */
export function judgeFleet(seen: FleetSight, before: FleetMemory, at: Moment): FleetJudgement {
  const names = [...seen.nodes.keys()].sort(compareText);
  const judged = names.map((name) => [name, standingOf(name, seen, before.standings.get(name), at)] as const);
  const standings = new Map(judged.map(([name, { standing }]) => [name, standing]));
  const counts = countsOf(standings);
  const problems = sharedProblems(reportsOf(seen, standings, ['problem']));
  const compared = reportsOf(seen, standings, ['healthy', 'problem', 'unknown']);
  const differences = fleetDifferences(compared);
  const unheard = names.filter((name) => ['silent', 'missing'].includes(standings.get(name)?.state ?? ''));
  const blind = blindnessOf(seen, at);
  const whole = { counts, problems, differences, unheard, compared: compared.length, blindTo: blind.to };
  const cluster = seen.status ? inTheirWords(seen.status.findings, before.cluster) : before.cluster;
  const status = seen.status && { ...seen.status, findings: cluster };
  const said = saidOf(whole, status, before.conditions);
  const generation = seen.inherited?.generation ?? 1;
  const conditions = conditionsAfter(before.conditions, said, { at: at.text, generation });
  return {
    report: {
      verdict: (seen.status ?? seen.inherited)?.verdict ?? 'unknown',
      nodes: counts,
      healthyNodes: `${counts.healthy}/${counts.total}`,
      standing: standingNodes(standings),
      problems,
      cluster,
      differences,
      conditions,
    },
    wishes: new Map(names.map((name) => [name, wishOf(name, standings, seen)])),
    hasSuspects: judged.some(([, { isSuspect }]) => isSuspect),
    againMs: judged.reduce((first, [, { againMs }]) => Math.min(first, againMs), blind.againMs),
    memory: { standings, conditions, cluster },
  };
}

/** What goes on is told as it was told first: how many seconds a clock is wrong is another number at each look, and no news. */
function inTheirWords(now: readonly ClusterFinding[], before: readonly ClusterFinding[]): readonly ClusterFinding[] {
  const keyOf = ({ title: _, ...rest }: ClusterFinding): string => JSON.stringify(rest);
  const told = new Map(before.map((one) => [keyOf(one), one]));
  return now.map((one) => told.get(keyOf(one)) ?? one);
}

function wishOf(name: string, standings: FleetMemory['standings'], { reports }: FleetSight): NodeWish {
  const standing = standings.get(name);
  return standing ? nodeWish(standing, reports.get(name)) : 'keep';
}

function countsOf(standings: FleetMemory['standings']): NodeCounts {
  const counts = { total: standings.size, ...Object.fromEntries(NODE_STATES.map((state) => [state, 0])) } as Record<
    NodeState | 'total',
    number
  >;
  for (const { state } of standings.values()) counts[state]++;
  return counts;
}

/** The reports of nodes that are in one of some states. */
function reportsOf(
  { reports }: FleetSight,
  standings: FleetMemory['standings'],
  states: readonly NodeState[],
): readonly NodeReport[] {
  return [...standings].flatMap(([name, { state }]) => {
    const report = reports.get(name);
    return report && states.includes(state) ? [report] : [];
  });
}

/** So many of those that have a problem are listed one by one; all that are silent or missing, for a successor has to know them. */
const MOST_STANDING = 10 * MOST_NAMED;

function standingNodes(standings: FleetMemory['standings']): readonly StandingNode[] {
  const all = [...standings].flatMap(([name, { state, reason, since, heartbeat }]): StandingNode[] =>
    state === 'healthy' ? [] : [{ name, state, reason, since, ...(heartbeat !== undefined && { heartbeat }) }],
  );
  const isUnheard = ({ state }: StandingNode): boolean => state === 'silent' || state === 'missing';
  const others = new Set(all.filter((one) => !isUnheard(one)).slice(0, MOST_STANDING));
  return all.filter((one) => isUnheard(one) || others.has(one));
}
