import type { Bilingual } from '../lang.ts';
import type { Step } from './step.ts';

/**
 * How much it may hurt while it is carried out. `disruptive`: traffic of somebody else can stop; it is never done
 * unless named.
 */
export type Risk = 'none' | 'low' | 'disruptive';

/**
 * A packet that can really be sent before and after, to show that what was lost now passes: frames between two ports
 * of a bridge, or a packet routed from one interface to another (`like` lends the first one that interface's own
 * settings; `asymmetric` sends one whose way back lies elsewhere).
 */
export type ProbeRequest =
  | { readonly kind: 'bridge'; readonly bridge: string }
  | { readonly kind: 'forwarding'; readonly asymmetric: boolean; readonly like?: string };

/** A plan of reversible steps that puts one finding right. */
export interface Remedy {
  /** Stable, unique in its problem, e.g. `set-now`. */
  readonly id: string;
  readonly summary: Bilingual;
  readonly risk: Risk;
  /** What would be interrupted, when disruptive. */
  readonly disrupts?: Bilingual;
  /** Interfaces whose traffic the remedy may interrupt: refused when one carries the present ssh session. */
  readonly interfaces?: readonly string[];
  /** `now` changes the running kernel, `persist` what the next boot or service restart would set. */
  readonly scope: 'now' | 'persist';
  readonly steps: readonly Step[];
  /**
   * What one look shows is no proof enough: the node is judged again right before, and only steps that both
   * judgements want are carried out.
   */
  readonly judgeAgain?: true;
  /** No step needs another: one that is refused stops none of the others of this remedy. */
  readonly independent?: true;
  readonly probe?: ProbeRequest;
}
