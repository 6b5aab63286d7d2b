import type { Judgement } from '../judging/finding.ts';
import type { Words } from '../judging/problem.ts';
import type { Bilingual } from '../lang.ts';
import type { ClusterSnapshot } from './model.ts';
import type { Reboots } from './reboots.ts';

/** What may pass by itself, and until when one waits for it. Not there: it is a definite fault. */
export interface Settling {
  /** RFC 3339: since when, where an object says so. Otherwise since the first look that saw it. */
  readonly since?: string;
  /** RFC 3339, by the API server's clock: when something began anew, as a reboot does; what was before counts no more. */
  readonly anew?: string;
  readonly deadlineSeconds: number;
}

type Found<F> = Extract<Judgement<F>, { status: 'problem' }>;

/**
 * What a check says of one subject of a cluster. **Critical decides**: a critical problem makes the cluster not ready, a critical
 * unknown makes its readiness unknown; nothing else does. So critical is only what every identity can see that is allowed what a
 * node is: else an administrator's answer and a node's could contradict each other. See `decide` for statements about many.
 */
export type ClusterJudgement<F> = Exclude<Judgement<F>, Found<F>> | (Found<F> & { readonly settles?: Settling });

export type SnapshotPart = keyof ClusterSnapshot;

/** What a check may look at: the parts it declared, when they were taken, and which reboots were seen. */
export type ClusterParts<N extends SnapshotPart> = Pick<ClusterSnapshot, N | 'takenAt' | 'serverClock'> & {
  readonly reboots: Reboots;
};

/** One thing that can be wrong with a cluster: as `Problem` is for a node. A plain record; its id is the file's name. */
export interface ClusterProblem<N extends SnapshotPart = SnapshotPart, F = unknown> {
  readonly id: string;
  readonly title: Bilingual;
  readonly needs: readonly N[];
  /** Problems whose presence explains this one away: their finding hides ours as its consequence. */
  readonly dependsOn?: readonly string[];
  check(parts: ClusterParts<N>): readonly ClusterJudgement<F>[];
  explain(facts: F): Words;
  /** A command an operator can paste to see it; empty where there is none. */
  prove(facts: F): string;
}

/** Declares a problem of a cluster; the types of `needs` and of the facts are inferred and checked. */
export function defineClusterProblem<const N extends SnapshotPart, F>(
  problem: ClusterProblem<N, F>,
): ClusterProblem<N, F> {
  return problem;
}

/** A problem whose types the registry no longer needs to know. */
export type AnyClusterProblem = ClusterProblem<never, never>;
