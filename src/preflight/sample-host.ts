import { address, link, route, seen, snapshotWith, sysctlWith } from '../../test/parts.ts';
import { known } from '../hosts/reading.ts';
import type { Chain, Ruleset, Table } from '../snapshot/netfilter/ruleset.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

// For tests: hosts made of literals.

export type Parts = Partial<Omit<Snapshot, 'capture'>>;

export const EMPTY_RULES: Ruleset = { tables: [] };
const CONF_LINK = '/etc/sysctl.d/99-sysctl.conf';

export function file(path: string, text: string) {
  return { path, text: known(text, path) };
}

/** sysctl.d as on a distribution whose 99-sysctl.conf leads to /etc/sysctl.conf, and what a test adds. */
export function sysctlFiles(...more: readonly (readonly [string, string])[]): NonNullable<Parts['sysctlFiles']> {
  const conf = '# nothing\n';
  const files = [[CONF_LINK, conf] as const, ...more].map(([path, text]) => file(path, text));
  return { files: seen(files), sysctlConf: known(conf, '/etc/sysctl.conf') };
}

export function netfilter(legacy: Ruleset, nft: Ruleset): NonNullable<Parts['netfilter']> {
  return {
    rules: () => seen({ tables: [...legacy.tables, ...nft.tables] }),
    backend: (_family, backend) => seen(backend === 'nft' ? nft : legacy),
    kubernetesBackend: seen('none'),
  };
}

export function rules(backend: Table['backend'], policy: 'accept' | 'drop', ruleCount = 0): Ruleset {
  const rule = { matches: [], target: { kind: 'accept' }, text: '-j ACCEPT', number: 1 } as const;
  const chain: Chain = { name: 'FORWARD', policy, hook: 'forward', nat: false, rules: Array(ruleCount).fill(rule) };
  const table = { name: 'filter', family: 'ipv4', backend, native: false, source: `iptables-${backend}-save` } as const;
  return { tables: [{ ...table, chains: new Map([['FORWARD', chain]]) }] };
}

/** A fresh machine on which an installation would succeed: nothing configured, everything that is needed at hand. */
export function fresh(more: Parts = {}): Snapshot {
  return snapshotWith({
    tools: { path: (name) => seen(`/usr/bin/${name}`) },
    sysctl: sysctlWith({ 'net/ipv4/conf/eth0/rp_filter': '0', 'net/ipv4/conf/eth1/rp_filter': '0' }),
    sysctlFiles: sysctlFiles(),
    links: seen([link('eth0'), link('eth1')]),
    addresses: seen([address('eth0', '10.0.0.1/24')]),
    routes: seen([route('10.0.0.0/24', 'eth0')]),
    rules: seen([]),
    neighbours: seen([]),
    modules: { state: () => seen('loadable') },
    moduleFiles: { load: seen([]), modprobe: seen([]) },
    netfilter: netfilter(EMPTY_RULES, EMPTY_RULES),
    timeSync: { clock: seen('2026-01-01T00:00:00.000Z'), offsetSeconds: seen(0), synchronized: seen(true) },
    units: { systemd: seen(true), units: seen([]) },
    ...more,
  });
}
