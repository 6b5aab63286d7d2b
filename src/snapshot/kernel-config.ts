/**
 * Modules hayward asks about and the kernel configuration symbol that builds each in (`y`) or as a module (`m`); from
 * the kernel's own Makefiles.
 */
export const CONFIG_SYMBOLS = {
  br_netfilter: 'BRIDGE_NETFILTER',
  overlay: 'OVERLAY_FS',
  nf_conntrack: 'NF_CONNTRACK',
  ip_vs: 'IP_VS',
  ip_vs_rr: 'IP_VS_RR',
  ip_vs_wrr: 'IP_VS_WRR',
  ip_vs_sh: 'IP_VS_SH',
  ip_set: 'IP_SET',
  ip_tables: 'IP_NF_IPTABLES',
  iptable_nat: 'IP_NF_NAT',
  iptable_filter: 'IP_NF_FILTER',
  nf_tables: 'NF_TABLES',
  vxlan: 'VXLAN',
  '8021q': 'VLAN_8021Q',
  bridge: 'BRIDGE',
  nf_nat: 'NF_NAT',
  xt_set: 'NETFILTER_XT_SET',
  ip_set_hash_ip: 'IP_SET_HASH_IP',
  dummy: 'DUMMY',
} as const satisfies Readonly<Record<string, string>>;
