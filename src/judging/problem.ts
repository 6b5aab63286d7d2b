import type { Bilingual } from '../lang.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Remedy } from '../remedies/remedy.ts';
import type { Snapshot, SubjectName } from '../snapshot/snapshot.ts';
import type { Holding } from './demand.ts';
import type { Judgement } from './finding.ts';

/** The words for one problem seen, made from its facts. One or two sentences each. */
export interface Words {
  readonly title: Bilingual;
  readonly cause: Bilingual;
  /** What it breaks, in the words people search for. */
  readonly impact: Bilingual;
}

/** What a check may look at: the declared parts of the snapshot and the profile. No I/O, no clock. */
export type Parts<N extends SubjectName> = Pick<Snapshot, N>;

/**
 * One thing that can be wrong. A plain record in a file of its own; its id is the file's name. `check` returns a
 * judgement for each subject it looked at and says `unknown` where what it needs is not known.
 */
export interface Problem<N extends SubjectName = SubjectName, F = unknown> {
  readonly id: string;
  /** What it is about, for listings, when nothing is wrong. */
  readonly title: Bilingual;
  /** The parts of a snapshot `check` receives: asking for another is a compile error. */
  readonly needs: readonly N[];
  /** Problems whose presence explains this one away: their finding hides ours as its consequence. */
  readonly dependsOn?: readonly string[];
  check(parts: Parts<N>, profile: Profile): readonly Judgement<F>[];
  explain(facts: F): Words;
  /** A command an operator can paste to see it. */
  prove(facts: F): string;
  /** Plans, most wanted first; may look at the same parts. Empty where nothing can be done safely. */
  remedies(facts: F, parts: Parts<N>, profile: Profile): readonly Remedy[];
  /**
   * What must stay as it is here, whether it is right or wrong at this moment: what the guard keeps. Made from the same
   * facts as `check`, so that both always agree: where every demand is met `check` finds nothing that these could cure,
   * and on a node where `check` finds nothing they are met already.
   */
  holds?(parts: Parts<N>, profile: Profile): readonly Holding[];
}

/** Declares a problem; the types of `needs` and of the facts are inferred and checked. */
export function defineProblem<const N extends SubjectName, F>(problem: Problem<N, F>): Problem<N, F> {
  return problem;
}

/** A problem whose types the registry no longer needs to know. */
export type AnyProblem = Problem<never, never>;
