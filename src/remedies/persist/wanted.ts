import type { Snapshot } from '../../snapshot/snapshot.ts';

/** A bridge's own netfilter switch that must hold whenever that bridge exists. */
export interface WantedBridgeSetting {
  readonly bridge: string;
  readonly name: 'nf_call_iptables' | 'nf_call_ip6tables';
  readonly value: '0' | '1';
}

/** What has to hold after the next boot and after every start of a service that resets it. */
export interface Wanted {
  /** Keys are paths below /proc/sys, e.g. `net/ipv4/conf/eth0.100/rp_filter`. */
  readonly settings: readonly { readonly key: string; readonly value: string }[];
  readonly bridgeSettings?: readonly WantedBridgeSetting[];
  readonly modules?: readonly string[];
}

/** The parts of a snapshot persistence depends on: what is installed, and what already holds a setting. */
export const PERSIST_NEEDS = ['units', 'os', 'udevRules', 'moduleFiles', 'harvester'] as const;

export type PersistParts = Pick<Snapshot, (typeof PERSIST_NEEDS)[number]>;

/** A file to be written, wherever and by whomever. */
export interface FileToWrite {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}
