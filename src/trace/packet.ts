import type { Family } from '../snapshot/netfilter/ruleset.ts';

/**
 * A packet as the kernel's filter sees it. A field left out is *not known* (a VM's address, say): a rule that looks
 * at it may or may not match, and the verdict says so.
 */
export interface Packet {
  readonly family: Family;
  readonly inLink?: string;
  readonly outLink?: string;
  /** Bridge ports, for a bridged frame (in and out link are then the bridge). null: certainly not bridged. */
  readonly physicalIn?: string | null;
  readonly physicalOut?: string | null;
  readonly source?: string;
  readonly destination?: string;
  /** tcp, udp, icmp, icmpv6 … */
  readonly protocol: string;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly icmpType?: string;
  readonly tcpFlags?: readonly string[];
  readonly ctState: 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED';
  readonly mark: number;
  readonly sourceMac?: string;
}

export interface DecidedBy {
  readonly table: string;
  readonly chain: string;
  /** 1-based, or `policy`. */
  readonly rule: number | 'policy';
  readonly text: string;
  readonly source: string;
}

/** What the filter does to a packet. `unknown` names what it hangs on. */
export interface Verdict {
  readonly verdict: 'pass' | 'drop' | 'unknown';
  /** The rule (or policy) that decided a drop; for a pass the accepting one of the last table, if any. */
  readonly decidedBy?: DecidedBy;
  /** Rules whose match could not be told and that would change the verdict: unmodelled text, or the field not known. */
  readonly hangsOn: readonly { readonly rule: DecidedBy; readonly why: string }[];
  /** A certain rewrite on the way: the nat rule that makes it. */
  readonly rewrites: readonly { readonly kind: 'snat' | 'dnat'; readonly rule: DecidedBy }[];
}
