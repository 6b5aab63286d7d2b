import type { Unknown } from '../../hosts/reading.ts';
import type { Evidence, Judgement, Severity } from '../../judging/finding.ts';
import { judgeLeases } from '../../leases/judge.ts';
import { DEFAULT_GRACE_MS, isUndecided, type LeaseNetwork, type LeaseVerdict } from '../../leases/model.ts';
import { portmapWithoutIptables } from '../../leases/portmap.ts';
import { isOf, usageOf } from '../../leases/usage.ts';
import type { Profile } from '../../profiles/profile.ts';
import type { Leases } from '../../snapshot/leases.ts';
import type { Netfilter } from '../../snapshot/netfilter/netfilter.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';

/** One network with leases that nobody will give back. */
export interface LeakFacts {
  readonly network: string;
  readonly dataDir: string;
  readonly leaked: readonly LeaseVerdict[];
  readonly used: number;
  /** Of the fullest range set; absent where the ranges are not known. */
  readonly free?: number;
  readonly capacity?: number;
  /** How many are from before the last boot, and how many the runtime still lists as dead. */
  readonly beforeBoot: number;
  readonly dead: number;
  /** libcni's kept results, and portmap's chains, of sandboxes the runtime does not know. */
  readonly leftoverResults: number;
  readonly leftoverChains: number;
  /** The CNI configuration whose portmap fails here for want of iptables. */
  readonly portmap?: string;
}

type Verdict = Judgement<LeakFacts>;

/** What is looked at for leaks. */
export type LeakParts = Pick<Snapshot, 'leases' | 'netfilter' | 'cni' | 'tools'>;

/** The leases of one look, judged with the usual grace time. */
export function verdictsOf({ look, times }: Leases): readonly LeaseVerdict[] {
  return judgeLeases(look, undefined, { ...times, graceMs: DEFAULT_GRACE_MS });
}

/** How much it matters that something is not known; what nobody collected is no concern of an old capture's. */
export function severityOf(missing: Unknown, profile: Profile): Severity {
  return profile.kubernetes && missing.reason !== 'not-collected' ? 'warning' : 'info';
}

/** What is said where host-local's files could not be read, or are none; undefined where there is something to judge. */
export function nothingToJudge({ look, unread }: Leases, profile: Profile): Judgement<never> | undefined {
  if (look.networks.length > 0) return undefined;
  const [missing] = unread;
  if (missing) {
    return { status: 'unknown', subject: '', severity: severityOf(missing, profile), unknown: missing, evidence: [] };
  }
  return { status: 'not-applicable', subject: '', why: 'host-local hands out no addresses here', evidence: [] };
}

export function judgeLeak({ leases, netfilter, cni, tools }: LeakParts, profile: Profile): readonly Verdict[] {
  const nothing = nothingToJudge(leases, profile);
  if (nothing) return [nothing];
  const verdicts = verdictsOf(leases);
  const portmap = portmapWithoutIptables(cni, tools.path('iptables'));
  return leases.look.networks.map((network) => {
    const own = verdicts.filter(({ lease }) => isOf(lease, network));
    const leaked = own.filter(({ state }) => state === 'leaked');
    if (leaked.length > 0) return leakOf(network, { own, leaked, leases, netfilter, portmap });
    return undecidedIn(network, own, leases, profile) ?? inOrder(network, own);
  });
}

interface Found {
  readonly own: readonly LeaseVerdict[];
  readonly leaked: readonly LeaseVerdict[];
  readonly leases: Leases;
  readonly netfilter: Netfilter;
  readonly portmap: string | undefined;
}

const SHOWN = 5;

function leakOf(network: LeaseNetwork, { own, leaked, leases, netfilter, portmap }: Found): Verdict {
  const { bootTimeMs, clockStepped } = leases.times;
  const [fullest] = usageOf(network, own);
  const gone = unknownIds(leases);
  const facts: LeakFacts = {
    network: network.name,
    dataDir: network.dataDir,
    leaked,
    used: own.length,
    ...(fullest && { free: fullest.free, capacity: fullest.capacity }),
    beforeBoot: leaked.filter(({ lease }) => clockStepped === false && lease.mtime < (bootTimeMs ?? 0)).length,
    dead: leaked.filter(({ lease }) => !gone(lease.containerId)).length,
    leftoverResults: leases.results.known ? new Set(leases.results.value.filter(gone)).size : 0,
    leftoverChains: portmapIds(netfilter).filter(gone).length,
    ...(portmap !== undefined && { portmap }),
  };
  const severity: Severity = fullest?.free === 0 ? 'critical' : 'warning';
  const evidence = leaked.slice(0, SHOWN).map(({ lease, why }): Evidence => {
    return { source: lease.path, value: `${lease.containerId.slice(0, 13)}: ${why[0]?.en ?? ''}`, wanted: 'no file' };
  });
  const missing: Evidence = { source: 'command -v iptables', value: 'not found', wanted: `for portmap in ${portmap}` };
  const told = portmap === undefined ? evidence : [...evidence, missing];
  return { status: 'problem', subject: network.name, severity, facts, evidence: told };
}

function unknownIds({ look }: Leases): (id: string) => boolean {
  const { sandboxes } = look.runtime;
  const listed = new Set(sandboxes.known ? sandboxes.value.map(({ id }) => id) : []);
  return (id) => sandboxes.known && !listed.has(id);
}

/** portmap names the sandbox in each rule that leads to its chain: `dnat name: "cbr0" id: "…"` (plugins/meta/portmap). */
function portmapIds(netfilter: Netfilter): readonly string[] {
  const rules = netfilter.rules('ipv4');
  if (!rules.known) return [];
  const texts = rules.value.tables.flatMap(({ chains }) => chains.get('CNI-HOSTPORT-DNAT')?.rules ?? []);
  return [...new Set(texts.flatMap(({ text }) => /\bid: \\?"([0-9a-f]{12,64})/.exec(text)?.[1] ?? []))];
}

/** Leases that could not be judged, and the reason the first of them gives. */
function undecidedIn(
  network: LeaseNetwork,
  own: readonly LeaseVerdict[],
  { look }: Leases,
  profile: Profile,
): Verdict | undefined {
  const { readable } = network;
  const first = own.find(isUndecided);
  if (!first && (readable.known || readable.reason === 'absent')) return undefined;
  const { sandboxes } = look.runtime;
  const blind = sandboxes.known ? readable : sandboxes;
  const detail = first?.why[0]?.en ?? (readable.known ? '' : readable.detail);
  const reason = blind.known || blind.reason === 'absent' ? 'failed' : blind.reason;
  const unknown: Unknown = { known: false, reason, detail, source: network.dataDir };
  const evidence = [{ source: `${network.dataDir}/${network.name}`, value: `${own.length} leases` }];
  return { status: 'unknown', subject: network.name, severity: severityOf(unknown, profile), unknown, evidence };
}

function inOrder({ name, dataDir }: LeaseNetwork, own: readonly LeaseVerdict[]): Verdict {
  return { status: 'ok', subject: name, evidence: [{ source: `${dataDir}/${name}`, value: `${own.length} leases` }] };
}
