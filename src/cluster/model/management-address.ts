import type { Reading } from '../../hosts/reading.ts';
import type { Certificate } from './machine.ts';
import type { Outcome } from './outcome.ts';

/** Harvester's management VIP: where it is configured, who holds it, what answers there. */
export interface ManagementAddress {
  /**
   * The address that Service kube-system/ingress-expose (or rke2-traefik, from v1.9 on) has been given, else is to have. `absent`
   * where neither Service has kube-vip's annotations: then there is none.
   */
  readonly address: Reading<string>;
  /** ConfigMap harvester-system/vip. */
  readonly configured: Reading<{ readonly ip: string; readonly mode: string; readonly hwAddress: string }>;
  /** Annotation kube-vip.io/vipHost, and holder of Lease harvester-system/plndr-svcs-lock with its renewTime (RFC 3339). */
  readonly vipHost: Reading<string>;
  readonly lease: Reading<{ readonly holder: string; readonly renewedAt: string; readonly durationSeconds: number }>;
  /** GET https://VIP/ without verifying: any HTTP status is an answer. */
  readonly https: Reading<Outcome>;
  readonly certificate: Reading<Certificate>;
  /** Hardware addresses that answer ARP for it, seen on the wire; needs root and the same segment. */
  readonly arp: Reading<readonly string[]>;
  /** Nodes on an interface of which it is set, as far as they could be looked at, with that interface's state. */
  readonly carriers: Reading<
    readonly { readonly node: string; readonly interface: string; readonly mac: string; readonly up: boolean }[]
  >;
  /** Servers that offer it by DHCP to a hardware address that is not the VIP's. */
  readonly offeredBy: Reading<readonly { readonly server: string; readonly mac: string }[]>;
}
