import type { MODULES_OF_INTEREST } from './modules.ts';

/**
 * The kernel configuration symbol that builds each module in (`y`) or as a file (`m`), from the kernel's Makefiles. Of
 * several the first that a configuration mentions decides: since 6.10 ip_tables hangs on IP_NF_IPTABLES_LEGACY.
 */
export const CONFIG_SYMBOLS: Readonly<Record<(typeof MODULES_OF_INTEREST)[number], readonly string[]>> = {
  br_netfilter: ['BRIDGE_NETFILTER'],
  overlay: ['OVERLAY_FS'],
  nf_conntrack: ['NF_CONNTRACK'],
  ip_vs: ['IP_VS'],
  ip_vs_rr: ['IP_VS_RR'],
  ip_vs_wrr: ['IP_VS_WRR'],
  ip_vs_sh: ['IP_VS_SH'],
  ip_set: ['IP_SET'],
  ip_tables: ['IP_NF_IPTABLES_LEGACY', 'IP_NF_IPTABLES'],
  iptable_nat: ['IP_NF_NAT'],
  iptable_filter: ['IP_NF_FILTER'],
  nf_tables: ['NF_TABLES'],
  vxlan: ['VXLAN'],
  '8021q': ['VLAN_8021Q'],
  bridge: ['BRIDGE'],
  nf_nat: ['NF_NAT'],
  xt_set: ['NETFILTER_XT_SET'],
  ip_set_hash_ip: ['IP_SET_HASH_IP'],
  dummy: ['DUMMY'],
};

/** An extended regular expression for the lines of a configuration that tell of these symbols, set or not. */
export const CONFIG_PATTERN = `^(# )?CONFIG_(${Object.values(CONFIG_SYMBOLS).flat().join('|')})[= ]`;

export type Configured = 'y' | 'm' | 'n';

/** Reads a kernel configuration, whole or reduced to `CONFIG_PATTERN`. A symbol that is not mentioned cannot be set. */
export function configFrom(text: string): (module: string) => Configured {
  const values = new Map<string, Configured>();
  for (const [, symbol = '', value] of text.matchAll(/^CONFIG_([A-Z0-9_]+)=([ym])$/gm)) {
    values.set(symbol, value === 'y' ? 'y' : 'm');
  }
  for (const [, symbol = ''] of text.matchAll(/^# CONFIG_([A-Z0-9_]+) is not set$/gm)) values.set(symbol, 'n');
  if (values.size === 0) throw new Error('no CONFIG_ line');
  return (module) =>
    symbolsOf(module)
      .map((symbol) => values.get(symbol))
      .find((value) => value !== undefined) ?? 'n';
}

function symbolsOf(module: string): readonly string[] {
  const entry = Object.entries(CONFIG_SYMBOLS).find(([name]) => name === module);
  return entry ? entry[1] : [];
}
