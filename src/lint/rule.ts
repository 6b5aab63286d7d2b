import type { Evidence, Judgement } from '../judging/finding.ts';
import type { Words } from '../judging/problem.ts';
import type { Bilingual } from '../lang.ts';
import type { Edit } from '../manifests/edit.ts';
import type { Place } from '../manifests/places.ts';
import type { Sight } from './sight.ts';

/** A judgement of something in a file. */
export interface Verdict<F> {
  /** The file, as the user named it. */
  readonly file: string;
  readonly judgement: Judgement<F>;
  /** What puts it right in the file; absent where that takes a person. */
  readonly repair?: Repair;
}

export interface Repair {
  readonly summary: Bilingual;
  readonly edits: readonly Edit[];
}

export interface LintOptions {
  /** The Kubernetes release the files are for, as [major, minor]; undefined: not known. */
  readonly kubernetes?: readonly [number, number];
}

/** One thing that can be wrong in a manifest: as a problem of a node's, but seen before it is applied. Pure. */
export interface Rule<F = unknown> {
  /** A problem's id: kebab-case, never changed. */
  readonly id: string;
  readonly title: Bilingual;
  /** Judges all that was read; one verdict for each thing it looked at. */
  check(sight: Sight, options: LintOptions): Iterable<Verdict<F>>;
  explain(facts: F): Words;
}

/** Declares a rule; the type of its facts is inferred and checked. */
export function defineRule<F>(rule: Rule<F>): Rule<F> {
  return rule;
}

/** A rule whose facts the registry need not know. */
export type AnyRule = Rule<never>;

/** Evidence with its place in a file. */
export function evidenceAt(file: string, place: Place, seen: Pick<Evidence, 'source' | 'value' | 'wanted'>): Evidence {
  return { ...seen, file, line: place.line, column: place.column };
}
