import type { Finding } from '../judging/finding.ts';

/** A finding before causes hide consequences, with what the verdict needs to know of it. */
export interface Judged {
  readonly finding: Finding;
  /** Whether it is critical, and so decides; its finding may be less severe by now. */
  readonly decides: boolean;
  /** Whether it is bad at this look, not only of late. */
  readonly badNow: boolean;
}
