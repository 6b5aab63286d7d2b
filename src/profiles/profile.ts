import type { Bilingual } from '../lang.ts';

export const PROFILE_NAMES = [
  'harvester',
  'rke2',
  'rke2-canal',
  'rke2-calico',
  'k3s',
  'k3s-flannel',
  'kubekey-ipvs',
  'kubeadm',
  'generic',
] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

/** A setting a healthy node has here, and why. */
export interface Want {
  /** Path below /proc/sys. */
  readonly key: string;
  readonly value: string;
  /** `at-least`: a larger number is as good. */
  readonly compare: 'is' | 'at-least';
  readonly reason: Bilingual;
}

export interface WantedModule {
  readonly name: string;
  readonly reason: Bilingual;
}

/** A service that writes a setting whenever it starts. */
export interface Resetter {
  /** Unit name, e.g. `rke2-server.service`. */
  readonly unit: string;
  readonly key: string;
  readonly value: string;
  /** Who says so. */
  readonly reason: Bilingual;
}

/**
 * What healthy means on one distribution: data with a reason for each demand. What depends on a node's topology
 * (which bridge needs filtering, which path is asymmetric) is judged, not listed here.
 */
export interface Profile {
  readonly name: ProfileName;
  readonly title: Bilingual;
  /** A cluster node: routing for Pods is expected. `generic` is judged by what its topology shows. */
  readonly kubernetes: boolean;
  readonly wants: readonly Want[];
  readonly modules: readonly WantedModule[];
  /**
   * bridge-nf-call-iptables: `off-after-launch` (Harvester: 1 until RKE2's first launch after boot, then 0), `on`
   * (a bridge CNI whose Services are hair-pinned), `by-topology` (whatever the bridges on the node need).
   */
  readonly bridgeNetfilter: 'off-after-launch' | 'on' | 'by-topology';
  /** Where a persistent setting survives a reboot: /etc/sysctl.d, or /oem on an image-based system. */
  readonly persistence: 'etc' | 'oem';
  readonly resetters: readonly Resetter[];
  readonly proxyMode: 'iptables' | 'ipvs' | 'any';
}
