import type { Capture } from '../src/hosts/capture.ts';
import { known, type Reading, unknown } from '../src/hosts/reading.ts';
import type { Address } from '../src/snapshot/addresses.ts';
import type { Link } from '../src/snapshot/links.ts';
import type { Netfilter } from '../src/snapshot/netfilter/netfilter.ts';
import type { Ruleset } from '../src/snapshot/netfilter/ruleset.ts';
import type { Route } from '../src/snapshot/routes.ts';
import { type Snapshot, snapshotOf } from '../src/snapshot/snapshot.ts';
import type { SysctlValues } from '../src/snapshot/sysctl.ts';

/** A node of which nothing was collected. */
export const EMPTY: Capture = {
  schema: 1,
  target: { name: 'node', via: 'local' },
  takenAt: '2026-01-01T00:00:00.000Z',
  entries: {},
  globs: {},
  lists: {},
  which: {},
};

/** A snapshot of which only these parts are known: literals in, judgements out. */
export function snapshotWith(parts: Partial<Omit<Snapshot, 'capture'>>): Snapshot {
  return Object.defineProperties(snapshotOf(EMPTY), Object.getOwnPropertyDescriptors(parts));
}

export function sysctlWith(values: Readonly<Record<string, string>>): SysctlValues {
  return {
    get(key): Reading<string> {
      const value = values[key];
      const path = `/proc/sys/${key}`;
      return value === undefined ? unknown('absent', path, 'no such setting') : known(value, path);
    },
    interfaces: () => known([], '/proc/sys/net/ipv4/conf'),
  };
}

export function link(name: string, more: Partial<Link> = {}): Link {
  return {
    index: 1,
    name,
    up: true,
    state: 'UP',
    loopback: false,
    mtu: 1500,
    mac: '',
    kind: '',
    foreignPeer: false,
    ...more,
  };
}

export function bridge(name: string, own: Partial<NonNullable<Link['bridge']>> = {}): Link {
  const switches = { nfCallIptables: false, nfCallIp6tables: false, vlanFiltering: false, stp: false, ...own };
  return link(name, { kind: 'bridge', bridge: switches });
}

export function address(link: string, cidr: string): Address {
  const [ip = '', length = '32'] = cidr.split('/');
  const family = ip.includes(':') ? 'ipv6' : 'ipv4';
  return { link, family, address: ip, prefixLength: Number(length), scope: 'global' };
}

export function route(destination: string, link: string, more: Partial<Route> = {}): Route {
  const family = destination.includes(':') ? 'ipv6' : 'ipv4';
  const base = {
    family,
    destination,
    type: 'unicast',
    table: 'main',
    protocol: 'kernel',
    metric: 0,
    scope: 'link',
  } as const;
  return { ...base, nextHops: [{ link }], ...more };
}

export function seen<T>(value: T): Reading<T> {
  return known(value, 'test');
}

export function netfilterWith(
  ipv4: Reading<Ruleset>,
  ipv6: Reading<Ruleset> = known({ tables: [] }, 'test'),
): Netfilter {
  return {
    rules: (family) => (family === 'ipv4' ? ipv4 : ipv6),
    backend: (family) => (family === 'ipv4' ? ipv4 : ipv6),
    kubernetesBackend: known('none', 'test'),
  };
}
