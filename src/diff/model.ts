import type { Severity } from '../judging/finding.ts';

/** What kind of thing differs, those that decide before those that explain. */
export const KINDS = ['finding', 'setting', 'module', 'network', 'version', 'boot', 'program', 'file'] as const;
export type Kind = (typeof KINDS)[number];

/** One thing in which two nodes differ. */
export interface Difference {
  readonly kind: Kind;
  /** How much it matters: that of the problem it is evidence of, or what the profiles ask for. */
  readonly weight: Severity;
  readonly subject: string;
  /** What it is on either; a file's are the lines that only that one has. */
  readonly a: string;
  readonly b: string;
}

/** Something known of one node and not of the other. */
export interface NotCompared {
  readonly kind: Kind;
  readonly subject: string;
  readonly detail: string;
}

export interface Comparison {
  readonly a: string;
  readonly b: string;
  /** What matters most first. */
  readonly differences: readonly Difference[];
  readonly notCompared: readonly NotCompared[];
}
