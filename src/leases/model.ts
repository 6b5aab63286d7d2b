import type { Reading } from '../hosts/reading.ts';
import type { Bilingual } from '../lang.ts';

/** One address host-local holds: a file named like the address, in the network's directory (containernetworking/plugins). */
export interface Lease {
  readonly network: string;
  /** The directory above the networks' own, /var/lib/cni/networks where the configuration names no other. */
  readonly dataDir: string;
  /** The range set it lies in, as host-local counts them ("0", "1" …); undefined where no configured range holds it. */
  readonly rangeId?: string | undefined;
  /** As its file is named; IPv6 in the form of RFC 5952. */
  readonly ip: string;
  /** The sandbox's id; empty where the file's content is not a lease's (then no verdict but `unknown` is given). */
  readonly containerId: string;
  /** Empty for the legacy form, which holds the id alone. */
  readonly ifName: string;
  readonly legacy: boolean;
  readonly path: string;
  /** Milliseconds since 1970 by the node's clock, which may have lied. */
  readonly mtime: number;
  /** Bytes. */
  readonly size: number;
}

/** A Pod's sandbox as the runtime lists it. */
export interface Sandbox {
  readonly id: string;
  readonly state: 'ready' | 'notready';
  /** Milliseconds since 1970; 0 where the runtime does not say. */
  readonly createdAt: number;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Empty where the runtime does not tell, and for Pods in the host's network. */
  readonly ips: readonly string[];
  /** Set where the runtime told: whether the Pod shares the host's network (and so needs no lease). */
  readonly hostNetwork?: boolean;
  /** The command line that shows it. */
  readonly source: string;
}

/** A container's keeper (containerd-shim, conmon). containerd's shim of version 2 carries its sandbox's id. */
export interface Shim {
  readonly pid: number;
  readonly containerId?: string;
}

/** A network namespace that is not the host's: held by a file under /run/netns, by processes, or by both. */
export interface ForeignNamespace {
  /** Below zero for a single process whose namespace the kernel does not name to us (it has more privileges). */
  readonly inode: number;
  /** /run/netns/NAME where one is bound to it. */
  readonly path?: string;
  readonly pids: readonly number[];
  /** Addresses on its interfaces but the loopback's; absent where nobody could look inside. */
  readonly addresses?: readonly string[];
}

/** What runs on the node, by the runtime's word and by the kernel's. */
export interface RuntimeView {
  /** The socket asked, empty where none was found. */
  readonly socket: string;
  readonly sandboxes: Reading<readonly Sandbox[]>;
  readonly shims: Reading<readonly Shim[]>;
  readonly foreignNamespaces: Reading<readonly ForeignNamespace[]>;
  /** Addresses on the host's own interfaces and single-address routes to Pods (calico's /32 and /128), by address. */
  readonly hostAddresses?: Reading<ReadonlyMap<string, string>>;
}

/** Addresses from `first` to `last`, both included, as a configuration (or Canal's usePodCidr) gives them. */
export interface AddressRange {
  readonly first: string;
  readonly last: string;
  /** Never handed out; `.1` where the configuration names no other. */
  readonly gateway: string;
}

/** host-local gives an attachment one address of each of its range sets. */
export interface RangeSet {
  /** "0", "1" …: its place in the configuration, as in last_reserved_ip.ID. */
  readonly id: string;
  readonly ranges: readonly AddressRange[];
}

/** A network that host-local hands out addresses for. */
export interface LeaseNetwork {
  readonly name: string;
  readonly dataDir: string;
  /** Where the ranges are told; unknown for a directory that no configuration names, or a Pod CIDR not found. */
  readonly ranges: Reading<readonly RangeSet[]>;
  /** Whether its directory could be read; `absent` where nothing was ever handed out. */
  readonly readable: Reading<true>;
  /** Names in the directory that are neither leases nor host-local's own: left alone and counted. */
  readonly foreignFiles: number;
}

/** A node's leases and what runs on it at one moment: leases are read first, then the runtime. */
export interface LeaseLook {
  /** Milliseconds since 1970 by the node's clock. */
  readonly takenAtMs: number;
  /** Milliseconds since the node booted, which no setting of a clock bends; absent where it was not told. */
  readonly uptimeMs?: number;
  readonly networks: readonly LeaseNetwork[];
  readonly leases: readonly Lease[];
  readonly runtime: RuntimeView;
}

export type LeaseState = 'live' | 'leaked' | 'grace' | 'unknown';

export interface LeaseVerdict {
  readonly lease: Lease;
  readonly state: LeaseState;
  /** One line each, most telling first. */
  readonly why: readonly Bilingual[];
  /** No clock tells how old it is: it must be seen twice, the grace time apart. */
  readonly ageUntold?: true;
}

/**
 * Not known whether it leaked, or not without another look. A file that is no lease of host-local's is known well enough:
 * it is left alone.
 */
export function isUndecided({ state, lease, ageUntold }: LeaseVerdict): boolean {
  return ageUntold === true || (state === 'unknown' && (lease.containerId !== '' || lease.size === 0));
}

export interface JudgeLeasesOptions {
  /** How old a lease must be before it can be called leaked. */
  readonly graceMs: number;
  /** Milliseconds since 1970 by the clock that stamped the leases: the node's. */
  readonly nowMs: number;
  /** When the node booted, by the same clock. */
  readonly bootTimeMs?: number;
  /** Whether that clock was set since boot by more than it drifts; absent where that cannot be told. */
  readonly clockStepped?: boolean;
}

/** Ten minutes: a runtime lists a sandbox when RunPodSandbox ends, minutes after the lease on a slow node. */
export const DEFAULT_GRACE_MS = 10 * 60_000;
