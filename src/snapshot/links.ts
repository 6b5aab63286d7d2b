import { type Ask, sourceOf } from '../hosts/ask.ts';
import { mapReading, type Reading } from '../hosts/reading.ts';
import { type Fields, ipObjects, numberAt, numberIn, objectIn, switchIn, textAt, textIn, textsIn } from './fields.ts';
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
  /** That namespace's id as seen from this one: equal for two devices whose peers live together. */
  readonly peerNamespace?: number;
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

function linkOf(entry: Fields): Link {
  const flags = textsIn(entry, 'flags');
  const info = objectIn(entry, 'linkinfo');
  const kind = (info && textIn(info, 'info_kind')) ?? '';
  const data = info && objectIn(info, 'info_data');
  const master = textIn(entry, 'master');
  return {
    index: numberAt(entry, 'ifindex'),
    name: textAt(entry, 'ifname'),
    up: flags.includes('UP'),
    state: textIn(entry, 'operstate') ?? 'UNKNOWN',
    loopback: flags.includes('LOOPBACK'),
    mtu: numberAt(entry, 'mtu'),
    mac: textIn(entry, 'address') ?? '',
    kind,
    ...(master === undefined ? {} : { master }),
    ...lowerOf(entry, data),
    ...(data ? detailsOf(kind, data) : {}),
    ...(info ? portOf(info) : {}),
  };
}

/**
 * `link` names the other device where it is in this namespace; `link_index` alone, mostly with `link_netnsid`, means
 * it is in another. A vxlan keeps its lower device among its own data.
 */
function lowerOf(entry: Fields, data: Fields | undefined): Pick<Link, 'lower' | 'foreignPeer' | 'peerNamespace'> {
  const lower = textIn(entry, 'link') ?? (data && textIn(data, 'link'));
  if (lower !== undefined) return { lower, foreignPeer: false };
  const peerNamespace = numberIn(entry, 'link_netnsid');
  const foreignPeer = numberIn(entry, 'link_index') !== undefined;
  return peerNamespace === undefined ? { foreignPeer } : { foreignPeer, peerNamespace };
}

function detailsOf(kind: string, data: Fields): Pick<Link, 'bridge' | 'vlanId' | 'tun' | 'vxlanId'> {
  switch (kind) {
    case 'bridge':
      return {
        bridge: {
          nfCallIptables: switchIn(data, 'nf_call_iptables'),
          nfCallIp6tables: switchIn(data, 'nf_call_ip6tables'),
          vlanFiltering: switchIn(data, 'vlan_filtering'),
          stp: numberIn(data, 'stp_state') !== undefined && numberIn(data, 'stp_state') !== 0,
        },
      };
    case 'vlan':
      return { vlanId: numberAt(data, 'id') };
    case 'vxlan':
      return { vxlanId: numberAt(data, 'id') };
    case 'tun':
      return { tun: { type: textIn(data, 'type') === 'tap' ? 'tap' : 'tun' } };
    default:
      return {};
  }
}

function portOf(info: Fields): Pick<Link, 'bridgePort'> {
  const data = objectIn(info, 'info_slave_data');
  if (textIn(info, 'info_slave_kind') !== 'bridge' || !data) return {};
  return { bridgePort: { hairpin: switchIn(data, 'hairpin'), state: textIn(data, 'state') ?? '' } };
}

export const links = subject<Reading<readonly Link[]>>({
  asks: [LINKS_ASK],
  parse: (view) => mapReading(view.text(sourceOf(LINKS_ASK.argv)), (text) => ipObjects(text).map(linkOf)),
});
