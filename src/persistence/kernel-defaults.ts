import { confOf } from './kernel-settings.ts';

/** Per-interface defaults of a mainline kernel (net/ipv4/devinet.c, net/ipv6/addrconf.c). */
const CONF: Readonly<Record<'ipv4' | 'ipv6', Readonly<Record<string, string>>>> = {
  ipv4: {
    forwarding: '0',
    rp_filter: '0',
    src_valid_mark: '0',
    arp_ignore: '0',
    arp_announce: '0',
    arp_accept: '0',
    accept_redirects: '1',
  },
  ipv6: { forwarding: '0', accept_ra: '1', disable_ipv6: '0' },
};

const SINGLE: Readonly<Record<string, string>> = {
  'net/ipv4/ip_forward': '0',
  'net/ipv4/ip_local_reserved_ports': '',
  'net/core/devconf_inherit_init_net': '0',
  'net/ipv4/tcp_retries2': '15',
  'net/ipv4/tcp_keepalive_time': '7200',
  'net/ipv4/tcp_keepalive_intvl': '75',
  'net/ipv4/tcp_keepalive_probes': '9',
  'net/ipv4/neigh/default/gc_thresh1': '128',
  'net/ipv4/neigh/default/gc_thresh2': '512',
  'net/ipv4/neigh/default/gc_thresh3': '1024',
  'net/ipv4/vs/conntrack': '0',
  'vm/swappiness': '60',
  'vm/overcommit_memory': '0',
};

/**
 * The value the kernel itself gives a setting when nobody writes it; undefined where it depends on memory, processors
 * or the version. br_netfilter's call switches start at 1 (net/bridge/br_netfilter_hooks.c).
 */
export function kernelDefault(key: string): string | undefined {
  if (/^net\/bridge\/bridge-nf-call-(ip|ip6|arp)tables$/.test(key)) return '1';
  const conf = confOf(key);
  if (conf) return CONF[conf.family][conf.name];
  return Object.hasOwn(SINGLE, key) ? SINGLE[key] : undefined;
}

/** The module a setting comes with: without it the key does not exist. undefined: part of the kernel proper. */
export function moduleBehind(key: string): string | undefined {
  if (key.startsWith('net/bridge/')) return 'br_netfilter';
  if (key.startsWith('net/ipv4/vs/')) return 'ip_vs';
  if (/^net\/(netfilter\/nf_conntrack_|nf_conntrack_max$)/.test(key)) return 'nf_conntrack';
  return undefined;
}

/** Loading the one brings the other: the dependencies that matter for the settings above. */
const BRINGS: Readonly<Record<string, readonly string[]>> = {
  ip_vs: ['nf_conntrack'],
  ip_vs_rr: ['ip_vs', 'nf_conntrack'],
  ip_vs_wrr: ['ip_vs', 'nf_conntrack'],
  ip_vs_sh: ['ip_vs', 'nf_conntrack'],
  nf_nat: ['nf_conntrack'],
  iptable_nat: ['nf_conntrack'],
  xt_conntrack: ['nf_conntrack'],
};

/** A module and those it depends on. */
export function withDependencies(module: string): readonly string[] {
  return [module, ...(BRINGS[module] ?? [])];
}
