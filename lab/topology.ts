import type { Bilingual } from '../src/lang.ts';

/** One end of a cable: an interface in a node, with addresses in CIDR form when it has any. */
interface End {
  readonly node: string;
  readonly link: string;
  readonly addresses?: readonly string[];
  /** The bridge of the same node that takes it as a port. */
  readonly bridge?: string;
}

interface BridgeSpec {
  readonly node: string;
  readonly name: string;
  readonly addresses?: readonly string[];
}

export interface NodeSpec {
  readonly name: string;
  /** Below /proc/sys/, set before any link exists, so that links inherit `conf/default`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** As `ip route add` takes them. */
  readonly routes?: readonly string[];
  /** What `iptables-restore` reads. */
  readonly rules?: string;
  /** Shell lines for what has no form of its own, run last. */
  readonly commands?: readonly string[];
  /** A TCP port that answers every connection with the node's name. */
  readonly answersOn?: number;
}

/** A packet that should come back: an echo request, or a connection to a port that answers. */
export interface Probe {
  readonly from: string;
  readonly to: string;
  readonly port?: number;
}

/** A network of namespaces, as data. The first node is the one that is judged and broken. */
export interface Topology {
  readonly name: string;
  readonly title: Bilingual;
  /** For a terminal of 80 columns, plain ASCII. */
  readonly drawing: string;
  readonly nodes: readonly [NodeSpec, ...NodeSpec[]];
  readonly bridges?: readonly BridgeSpec[];
  readonly cables: readonly (readonly [End, End])[];
  /** All of them come back while nothing is broken. */
  readonly probes: readonly Probe[];
  /** Parts of the kernel it cannot do without, as paths whose presence shows them. */
  readonly needs: readonly Need[];
}

export interface Need {
  readonly path: string;
  readonly what: Bilingual;
}

export const BRIDGE_NETFILTER: Need = {
  path: '/proc/sys/net/bridge',
  what: {
    en: 'br_netfilter is not loaded (modprobe br_netfilter; note that it sets bridge-nf-call-iptables to 1)',
    'zh-CN': 'br_netfilter 未加载（modprobe br_netfilter；注意加载后 bridge-nf-call-iptables 会变为 1）',
  },
};

export const IPVS: Need = {
  path: '/proc/net/ip_vs',
  what: {
    en: "the kernel has no IPVS, or ip_vs is not loaded: this network is for the micro-VM with Debian's kernel",
    'zh-CN': '内核没有 IPVS 或 ip_vs 未加载：此网络供使用 Debian 内核的微型虚拟机使用',
  },
};

/** What a node that forwards for others starts from, all of it said: a new namespace may inherit anything. */
export const FORWARDING: Readonly<Record<string, string>> = {
  'net/ipv4/ip_forward': '1',
  'net/ipv4/conf/all/rp_filter': '0',
  'net/ipv4/conf/default/rp_filter': '0',
  'net/ipv4/conf/all/send_redirects': '0',
  'net/ipv4/conf/default/send_redirects': '0',
  'net/ipv4/conf/all/arp_ignore': '0',
  'net/ipv4/conf/all/arp_announce': '0',
};

/** The switches of bridge netfilter, each said. */
export function bridgeNetfilter(iptables: '0' | '1'): Readonly<Record<string, string>> {
  return {
    'net/bridge/bridge-nf-call-iptables': iptables,
    'net/bridge/bridge-nf-call-ip6tables': '0',
    'net/bridge/bridge-nf-call-arptables': '0',
  };
}

/** What a machine at the end of a cable starts from. */
export const STATION: Readonly<Record<string, string>> = {
  'net/ipv4/ip_forward': '0',
  'net/ipv4/conf/all/rp_filter': '0',
  'net/ipv4/conf/default/rp_filter': '0',
  'net/ipv4/conf/all/accept_redirects': '0',
  'net/ipv4/conf/default/accept_redirects': '0',
};
