import type { Unknown } from '../hosts/reading.ts';
import type { Remedy } from '../remedies/remedy.ts';

export type Status = 'ok' | 'problem' | 'unknown' | 'not-applicable';
export const SEVERITIES = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/**
 * Where time plays a part: `definite` is past its deadline or needs none, `settling` may pass by itself and is inside it, `flapping`
 * comes and goes.
 */
export const PHASES = ['definite', 'settling', 'flapping'] as const;
export type Phase = (typeof PHASES)[number];

/** One reading that a judgement rests on. `wanted` where something else was wanted. */
export interface Evidence {
  readonly source: string;
  readonly value: string;
  readonly wanted?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

interface Base {
  /** What exactly: a bridge, an interface, a setting. Empty for the node as a whole. */
  readonly subject: string;
  readonly evidence: readonly Evidence[];
}

/**
 * What a check says of one subject. `facts` are data; the words are made from them later, in either language.
 * The severity of an unknown is how much it matters that it is not known: `info` never decides an exit status.
 */
export type Judgement<F> =
  | (Base & { readonly status: 'ok' })
  | (Base & { readonly status: 'problem'; readonly severity: Severity; readonly facts: F })
  | (Base & { readonly status: 'unknown'; readonly severity: Severity; readonly unknown: Unknown })
  | (Base & { readonly status: 'not-applicable'; readonly why: string });

/** A judgement of a known problem on a known target, worded: what every face of hayward reads. */
export interface Finding {
  readonly problem: string;
  readonly target: string;
  readonly subject: string;
  readonly status: Status;
  readonly severity: Severity;
  readonly phase?: Phase;
  /** RFC 3339: since when it has been so. */
  readonly since?: string;
  readonly title: string;
  readonly cause: string;
  readonly impact: string;
  readonly evidence: readonly Evidence[];
  readonly unknown?: { readonly reason: Unknown['reason']; readonly detail: string };
  /** A command the operator can run to see it; empty where there is nothing to see. */
  readonly prove: string;
  readonly remedies: readonly Remedy[];
  readonly docs: string;
  /** The problem whose fault this is, when a cause hides it as its consequence. */
  readonly consequenceOf?: string;
}
