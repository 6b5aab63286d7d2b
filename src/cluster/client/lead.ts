import type { KubeConnection } from './connection.ts';

export interface LeadOptions {
  readonly client: KubeConnection;
  readonly namespace: string;
  /** The Lease's. */
  readonly name: string;
  /** Who one is: must differ between all candidates. */
  readonly identity: string;
  /** How long others leave a lease alone that is not renewed: 15. */
  readonly leaseSeconds?: number;
  /** After how long without a renewal one steps down: 10. */
  readonly renewSeconds?: number;
  /** Between attempts to take or renew it: 2. */
  readonly retrySeconds?: number;
  /** Told when another leader is seen (or none: ''), and when the lease cannot be read or written. */
  readonly onNews?: (news: LeadNews) => void;
  /** Ends it, and gives the lease up. */
  readonly signal: AbortSignal;
}

export type LeadNews =
  | { readonly kind: 'leader'; readonly identity: string }
  | { readonly kind: 'trouble'; readonly detail: string };

/** What one may do as long as one leads. */
export interface Term {
  /** Aborted when the lease is lost or `signal` is: stop at once. */
  readonly lost: AbortSignal;
  /** Writes that are begun after the lease could have been taken are `failed` before anything is sent, also right after a freeze. */
  readonly client: KubeConnection;
}

/** `ended`: by `signal`, or `run` returned; the lease was given up. `lost`: it could not be renewed in time, or was taken. */
export type LeadEnd = { readonly kind: 'ended' } | { readonly kind: 'lost'; readonly detail: string };

/** Waits until the Lease is ours, then runs until it is lost, `run` returns or `signal` is aborted. */
export declare function lead(options: LeadOptions, run: (term: Term) => Promise<void>): Promise<LeadEnd>;
