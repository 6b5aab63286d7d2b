import type { Ask } from '../hosts/ask.ts';
import type { Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';

/** A network interface, as `ip -d -j link` tells (netlink: right in every namespace, unlike /sys). */
export interface Link {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  /** operstate: UP, DOWN, UNKNOWN, LOWERLAYERDOWN … */
  readonly state: string;
  readonly loopback: boolean;
  readonly mtu: number;
  readonly mac: string;
  /** linkinfo's kind: bridge, veth, tun, vxlan, bond, vlan, dummy, macvlan, ipip, wireguard …; empty for hardware. */
  readonly kind: string;
  /** Name of the bridge or bond it is enslaved to. */
  readonly master?: string;
  /** The lower device's name (vlan, macvlan), or a veth's peer in this namespace. */
  readonly lower?: string;
  /** The peer or lower device lives in another network namespace. */
  readonly foreignPeer: boolean;
  readonly bridge?: {
    /** The bridge's own switches, apart from the namespace's. */
    readonly nfCallIptables: boolean;
    readonly nfCallIp6tables: boolean;
    readonly vlanFiltering: boolean;
    readonly stp: boolean;
  };
  readonly bridgePort?: { readonly hairpin: boolean; readonly state: string };
  readonly vlanId?: number;
  readonly tun?: { readonly type: 'tun' | 'tap' };
  readonly vxlanId?: number;
}

/** Shared with subjects that look for a device: equal asks are asked once. */
export const LINKS_ASK = { kind: 'run', argv: ['ip', '-d', '-j', 'link', 'show'] } as const satisfies Ask;

export const links = subject<Reading<readonly Link[]>>({
  asks: [LINKS_ASK],
  parse: () => {
    throw new Error('unwritten');
  },
});
