import { unknown } from '../hosts/reading.ts';
import type { Finding } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import { clusterReady } from './cluster-ready.ts';
import { inTime, keyOf, type Looked } from './in-time.ts';
import type { Judged } from './judged.ts';
import {
  type Condition,
  isForgettable,
  looksWith,
  type Memory,
  memoryAsOf,
  NO_MEMORY,
  paceOf,
  remember,
  type Timing,
} from './memory.ts';
import type { ClusterSnapshot } from './model.ts';
import { pasteable } from './pasteable.ts';
import type { AnyClusterProblem, ClusterJudgement, ClusterParts, ClusterProblem, SnapshotPart } from './problem.ts';
import { CLUSTER_PROBLEMS } from './problems/registry.generated.ts';
import { bootsAfter, clusterReboot, type Reboots, rebootsOf } from './reboots.ts';
import { type Causes, type Verdict, verdictOf } from './verdict.ts';
import { countedOfLate, intervalsAfter } from './webhook-calls.ts';

export interface ClusterJudgeOptions {
  readonly lang: Lang;
  /** Overrides every deadline, in seconds. */
  readonly deadlineSeconds?: number;
  /** The problem ids to report; all when not given. The verdict counts every one, for it is one answer. */
  readonly only?: readonly string[];
  /**
   * For one who asks once: what is good now is good, also where it comes and goes, and that it does is a note. Who waits or watches is
   * told that it settles until it has stayed good.
   */
  readonly atOnce?: boolean;
}

export interface ClusterAnswer {
  readonly verdict: Verdict;
  /** `cluster-ready` first, then one for each subject of each problem. */
  readonly findings: readonly Finding[];
  /** For the judgement of the next look. */
  readonly memory: Memory;
}

/**
 * Judges a snapshot of a cluster in the light of what earlier looks saw. Pure: the same snapshot and memory give the same answer
 * anywhere. A check that throws has a bug; its finding is then `unknown`, and so is the verdict where nothing worse is seen.
 */
export function judgeCluster(
  snapshot: ClusterSnapshot,
  options: ClusterJudgeOptions,
  memory: Memory = NO_MEMORY,
  problems: readonly AnyClusterProblem[] = CLUSTER_PROBLEMS,
): ClusterAnswer {
  const before = memoryAsOf(memory, snapshot.takenAt);
  const looks = looksWith(before.looks, snapshot.takenAt);
  const timing: Timing = { at: snapshot.takenAt, pace: paceOf(looks) };
  const boots = bootsAfter(before.boots, snapshot);
  const reboots = rebootsOf(boots);
  const calls = intervalsAfter(before.calls, snapshot);
  const seen = countedOfLate(snapshot, calls);
  const looked = problems.flatMap((problem) => lookAt(problem as unknown as Runnable, seen, reboots));
  const after: Memory = { conditions: remembered(looked, before.conditions, timing), looks, boots, calls };
  const rebooted = clusterReboot(snapshot, reboots);
  const told = { ...options, pace: timing.pace, ...(rebooted !== undefined && { rebooted }) };
  const judged = looked.map((one) => inTime(one, after.conditions[keyOf(one)], snapshot, told));
  const causes = causesOf(problems, judged);
  const verdict = verdictOf(judged, causes);
  const top = clusterReady(verdict, { judged, causes, target: snapshot.target, lang: options.lang });
  const findings = [top, ...judged.map((one) => behindItsCause(one, causes))];
  return {
    verdict,
    findings: findings
      .filter(({ problem }) => options.only?.includes(problem) ?? true)
      .map((finding) => ({ ...finding, prove: pasteable(finding.prove, snapshot.kubeconfig) })),
    memory: after,
  };
}

/** What may be asked for by name: every problem of a cluster. */
export function clusterProblemIds(): readonly string[] {
  return ['cluster-ready', ...CLUSTER_PROBLEMS.map(({ id }) => id)];
}

type Runnable = ClusterProblem<SnapshotPart, unknown>;

function lookAt(problem: Runnable, snapshot: ClusterSnapshot, reboots: Reboots): Looked[] {
  try {
    return problem.check(partsOf(problem, snapshot, reboots)).map((judgement) => ({ problem, judgement }));
  } catch (error) {
    const detail = `the check itself failed: ${error instanceof Error ? error.message : String(error)}`;
    const judgement: ClusterJudgement<unknown> = {
      status: 'unknown',
      subject: '',
      severity: 'critical',
      unknown: unknown('failed', problem.id, detail),
      evidence: [],
    };
    return [{ problem, judgement }];
  }
}

/** Exactly the declared parts. */
function partsOf(problem: Runnable, snapshot: ClusterSnapshot, reboots: Reboots): ClusterParts<SnapshotPart> {
  const names: readonly SnapshotPart[] = ['takenAt', 'serverClock', ...problem.needs];
  const parts = Object.fromEntries(names.map((name) => [name, snapshot[name]]));
  return { ...parts, reboots } as unknown as ClusterParts<SnapshotPart>;
}

function remembered(looked: readonly Looked[], conditions: Memory['conditions'], timing: Timing): Memory['conditions'] {
  const keys = new Set(looked.map(keyOf));
  const kept = Object.entries(conditions).filter(([key, one]) => keys.has(key) || !isForgettable(one, timing));
  const after = new Map<string, Condition>(kept);
  for (const one of looked) {
    const { status } = one.judgement;
    if (status !== 'ok' && status !== 'problem') continue;
    const key = keyOf(one);
    const severity = status === 'problem' ? one.judgement.severity : 'info';
    after.set(key, remember(after.get(key), { bad: status === 'problem', severity }, timing));
  }
  return Object.fromEntries(after);
}

/** What is seen at this look, the worst of each problem. */
function causesOf(problems: readonly AnyClusterProblem[], judged: readonly Judged[]): Causes {
  const seen = new Map<string, Judged>();
  for (const one of judged) {
    const { problem, severity, phase } = one.finding;
    if (!one.badNow || (severity === 'info' && phase !== 'settling')) continue;
    if (!seen.has(problem) || one.decides) seen.set(problem, one);
  }
  return new Map(
    problems.flatMap(({ id, dependsOn = [] }) => {
      const causes = dependsOn.flatMap((other) => seen.get(other) ?? []);
      const cause = causes.find(({ decides }) => decides) ?? causes[0];
      return cause ? [[id, cause] as const] : [];
    }),
  );
}

/** A cause is at least as grave as what it explains: a warning explains no standstill. */
function behindItsCause({ finding, badNow, decides }: Judged, causes: Causes): Finding {
  const cause = causes.get(finding.problem);
  if (!cause || !badNow || (decides && !cause.decides)) return finding;
  return { ...finding, severity: 'info', consequenceOf: cause.finding.problem };
}
