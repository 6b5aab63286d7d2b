import { known, type Reading } from '../src/hosts/reading.ts';
import type {
  ForeignNamespace,
  Lease,
  LeaseLook,
  LeaseNetwork,
  RuntimeView,
  Sandbox,
  Shim,
} from '../src/leases/model.ts';
import { seen } from './parts.ts';

export const MINUTE = 60_000;
/** The node's clock in these tests. */
export const NOW = Date.parse('2026-06-01T12:00:00Z');

/** How long ago the node booted. */
export const UPTIME = 24 * 60 * MINUTE;

/** A sandbox's id from a short word. */
export function idOf(word: string): string {
  return Buffer.from(word).toString('hex').padEnd(64, '0');
}

export function lease(last: number, word: string, more: Partial<Lease> = {}): Lease {
  const ip = `10.52.0.${last}`;
  return {
    network: 'pods',
    dataDir: '/var/lib/cni/networks',
    rangeId: '0',
    ip,
    containerId: idOf(word),
    ifName: 'eth0',
    legacy: false,
    path: `/var/lib/cni/networks/pods/${ip}`,
    mtime: NOW - 60 * MINUTE,
    size: 70,
    ...more,
  };
}

export function sandbox(word: string, more: Partial<Sandbox> = {}): Sandbox {
  return {
    id: idOf(word),
    state: 'ready',
    createdAt: NOW - 60 * MINUTE,
    namespace: 'default',
    name: word,
    uid: word,
    ips: [],
    source: 'crictl pods -o json',
    ...more,
  };
}

export function network(last: string, more: Partial<LeaseNetwork> = {}): LeaseNetwork {
  const ranges = [{ id: '0', ranges: [{ first: '10.52.0.1', last, gateway: '10.52.0.1' }] }];
  const readable: Reading<true> = known(true, '/var/lib/cni/networks/pods');
  return { name: 'pods', dataDir: '/var/lib/cni/networks', ranges: seen(ranges), readable, foreignFiles: 0, ...more };
}

interface Seen {
  readonly leases?: readonly Lease[];
  readonly sandboxes?: readonly Sandbox[];
  readonly shims?: readonly Shim[];
  readonly namespaces?: readonly ForeignNamespace[];
  readonly runtime?: Partial<RuntimeView>;
  readonly networks?: readonly LeaseNetwork[];
  readonly takenAtMs?: number;
  /** As long ago as the node's clock says it was, unless that is set. */
  readonly uptimeMs?: number;
}

/** A look in which everything could be seen, unless said otherwise. */
export function look({ leases = [], sandboxes = [], shims = [], namespaces = [], ...more }: Seen): LeaseLook {
  const takenAtMs = more.takenAtMs ?? NOW;
  return {
    takenAtMs,
    uptimeMs: more.uptimeMs ?? UPTIME + takenAtMs - NOW,
    networks: more.networks ?? [network('10.52.0.14')],
    leases,
    runtime: {
      socket: '',
      sandboxes: seen(sandboxes),
      shims: seen(shims),
      foreignNamespaces: seen(namespaces),
      hostAddresses: seen(new Map()),
      ...more.runtime,
    },
  };
}
