import type { Severity } from '../judging/finding.ts';
import type { Bilingual } from '../lang.ts';

/**
 * A line that a component writes when something is wrong, and what it means. Plain data: the program's own text, as its
 * source has it, so that a user's line leads to the problem behind it.
 */
export interface Pattern {
  /** The problem it speaks of; several lines may speak of one. */
  readonly problem: string;
  readonly severity: Severity;
  /** Matches in time linear in the line. A group `subject` names what exactly. */
  readonly matches: RegExp;
  readonly title: Bilingual;
  readonly cause: Bilingual;
  readonly impact: Bilingual;
  /** A command that proves it on the node. */
  readonly prove: string;
  /** A command of hayward's that puts it right; or, where there is none, what does. */
  readonly fix: string | Bilingual;
}
