import type { Hook } from './ruleset.ts';

/** Priorities of the classic tables: include/uapi/linux/netfilter_ipv4.h (NF_IP_PRI_*), the same for IPv6. */
const PRIORITY: Readonly<Record<string, number>> = { raw: -300, mangle: -150, filter: 0, security: 50 };

/** A nat table rewrites destinations at -100 (before routing) and sources at 100 (after it). */
const NAT_DESTINATION = -100;
const NAT_SOURCE = 100;

export const BUILTIN_TABLES: ReadonlySet<string> = new Set([...Object.keys(PRIORITY), 'nat']);

const HOOKS: Readonly<Record<string, Hook>> = {
  PREROUTING: 'prerouting',
  INPUT: 'input',
  FORWARD: 'forward',
  OUTPUT: 'output',
  POSTROUTING: 'postrouting',
};

/** Where the kernel calls a base chain of an iptables table; undefined for a name that is no base chain's. */
export function builtinChain(
  table: string,
  name: string,
): { readonly hook: Hook; readonly priority: number; readonly nat: boolean } | undefined {
  const hook = Object.hasOwn(HOOKS, name) ? HOOKS[name] : undefined;
  if (!hook || !BUILTIN_TABLES.has(table)) return undefined;
  if (table === 'nat') return { hook, priority: natPriority(hook), nat: true };
  return { hook, priority: PRIORITY[table] ?? 0, nat: false };
}

/** NF_IP_PRI_NAT_DST where destinations are rewritten, NF_IP_PRI_NAT_SRC elsewhere (linux/netfilter_ipv4.h). */
export function natPriority(hook: Hook): number {
  return hook === 'prerouting' || hook === 'output' ? NAT_DESTINATION : NAT_SOURCE;
}
