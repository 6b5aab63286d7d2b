import type { Family } from './ruleset.ts';

/** Names of the tables iptables-legacy has made in this network namespace; absent without ip_tables in the kernel. */
export const LEGACY_NAMES: Readonly<Record<Family, string>> = {
  ipv4: '/proc/net/ip_tables_names',
  ipv6: '/proc/net/ip6_tables_names',
};

/** The one program behind all names up to iptables 1.6; later ones are xtables-legacy-multi and xtables-nft-multi. */
export const OLD_IPTABLES = '/sbin/xtables-multi';

export const NFT_LIST = ['nft', '-j', 'list', 'ruleset'] as const;

/** With counters. Without a backend: the program of a node that has only one. */
export function saveCommand(family: Family, backend?: 'legacy' | 'nft'): readonly string[] {
  const program = family === 'ipv4' ? 'iptables' : 'ip6tables';
  return [`${program}-${backend === undefined ? 'save' : `${backend}-save`}`, '-c'];
}
