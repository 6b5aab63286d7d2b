/**
 * Packet filter rules in one model, whichever backend holds them: what iptables-save, ip6tables-save and nft tell,
 * ready to be evaluated. Matches and targets that are not modelled are kept with their text, never dropped.
 */
export type Family = 'ipv4' | 'ipv6';
export type Hook = 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';

/** A match that can be turned round (`! -s …`). */
interface Negatable {
  readonly not: boolean;
}

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export type Match =
  | (Negatable & { readonly kind: 'source' | 'destination'; readonly cidr: string })
  | (Negatable & { readonly kind: 'source-range' | 'destination-range'; readonly from: string; readonly to: string })
  | (Negatable & { readonly kind: 'protocol'; readonly protocol: string })
  /** `name+` matches by prefix. */
  | (Negatable & { readonly kind: 'in' | 'out' | 'physdev-in' | 'physdev-out'; readonly link: string })
  | (Negatable & { readonly kind: 'physdev-is-in' | 'physdev-is-out' | 'physdev-is-bridged' })
  | (Negatable & { readonly kind: 'source-port' | 'destination-port'; readonly ports: readonly PortRange[] })
  /** multiport --ports: either end. */
  | (Negatable & { readonly kind: 'either-port'; readonly ports: readonly PortRange[] })
  /** NEW, ESTABLISHED, RELATED, INVALID, UNTRACKED, SNAT, DNAT */
  | (Negatable & { readonly kind: 'ct-state'; readonly states: readonly string[] })
  | (Negatable & { readonly kind: 'mark' | 'connmark'; readonly value: number; readonly mask: number })
  | (Negatable & { readonly kind: 'tcp-flags'; readonly mask: readonly string[]; readonly set: readonly string[] })
  | (Negatable & { readonly kind: 'icmp-type'; readonly type: string })
  /** `LOCAL`, `BROADCAST` … by the kernel's routing table. */
  | (Negatable & { readonly kind: 'address-type'; readonly side: 'source' | 'destination'; readonly type: string })
  | (Negatable & { readonly kind: 'set'; readonly set: string; readonly directions: readonly ('src' | 'dst')[] })
  | (Negatable & { readonly kind: 'fragment' })
  | (Negatable & { readonly kind: 'mac-source'; readonly mac: string })
  /** An nft set lookup: any alternative whose matches all hold. */
  | (Negatable & { readonly kind: 'any'; readonly of: readonly (readonly Match[])[] })
  /** -m comment and others that always match. */
  | { readonly kind: 'always' }
  /** Not modelled: neither yes nor no. */
  | { readonly kind: 'unmodelled'; readonly text: string };

export type Target =
  | { readonly kind: 'accept' | 'drop' | 'return' }
  | { readonly kind: 'reject'; readonly with: string }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  /** set: (old & ~mask) | value; xor: (old & ~mask) ^ value; or: old | value; and: old & value. */
  | {
      readonly kind: 'mark' | 'connmark';
      readonly value: number;
      readonly mask: number;
      readonly op: 'set' | 'xor' | 'or' | 'and';
    }
  /** new = (old & ~maskOfTarget) ^ (other & maskOfSource); all bits where a mask is left out. */
  | { readonly kind: 'save-mark' | 'restore-mark'; readonly nfmask?: number; readonly ctmask?: number }
  /** A rewrite of the source (snat, masquerade) or destination (dnat, redirect): ends the nat chain. */
  | {
      readonly kind: 'snat' | 'masquerade' | 'dnat' | 'redirect' | 'netmap';
      /** As iptables prints it (`10.0.0.1`, `10.0.0.1:80`, `:80`, `[fd00::1]:80`); empty where it is not known or not fixed. */
      readonly to: string;
    }
  | { readonly kind: 'notrack' }
  /** LOG, NFLOG, TRACE, CHECKSUM, TCPMSS, CT …: the packet goes on to the next rule unchanged in all that is modelled. */
  | { readonly kind: 'continue'; readonly text: string }
  /** A rule without a target only counts. */
  | { readonly kind: 'none' }
  /** QUEUE, NFQUEUE, and whatever is not modelled: the packet's fate is not known. */
  | { readonly kind: 'unmodelled'; readonly text: string };

export interface Rule {
  readonly matches: readonly Match[];
  /** nft: what else the rule does, in order, before its target (marks). */
  readonly effects?: readonly Target[];
  readonly target: Target;
  /** As the tool printed it, one line. */
  readonly text: string;
  /** 1-based place in its chain. */
  readonly number: number;
  /** Counters, where they were asked for. */
  readonly packets?: number;
}

export interface Chain {
  readonly name: string;
  /** Only base chains have one. */
  readonly policy?: 'accept' | 'drop';
  /** Only base chains: where the kernel calls them, in order of priority. */
  readonly hook?: Hook;
  readonly priority?: number;
  /** `filter` (false) or `nat`; a nat chain sees a connection's first packet only. */
  readonly nat: boolean;
  readonly rules: readonly Rule[];
  readonly policyPackets?: number;
}

export interface Table {
  readonly name: string;
  readonly family: Family;
  readonly backend: 'legacy' | 'nft';
  /** An nft table that was not made by iptables-nft. */
  readonly native: boolean;
  readonly chains: ReadonlyMap<string, Chain>;
  /** The command that showed it. */
  readonly source: string;
}

export interface Ruleset {
  readonly tables: readonly Table[];
  /** Tables that may be there and could not be seen, and why: a packet these rules drop is dropped, any other hangs on them. */
  readonly unseen?: readonly string[];
}
