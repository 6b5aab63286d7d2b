import type { KubeConnection } from '../../cluster/client/connection.ts';
import { inform } from '../../cluster/client/informer.ts';
import { type ListedObject, listAt } from '../../cluster/client/list.ts';
import { identityOf, numberAt, objectAt, textAt } from '../../cluster/object-fields.ts';
import type { Unknown } from '../../hosts/reading.ts';
import { CLUSTER_REPORT, CLUSTER_REPORTS, type Inherited, inheritedFrom } from '../cluster-report.ts';
import { HEARTBEAT_LABELS, HEARTBEAT_NAMESPACE, heartbeatName, LEASE_SECONDS } from '../heartbeat.ts';
import { NODE_REPORTS, type NodeReport, nodeReportOf } from '../node-report.ts';
import type { FleetNode, FleetSight, Heartbeat, Watched } from '../sight.ts';
import type { FleetTally } from './tally.ts';
import type { TellFleet } from './told.ts';

/** What is seen of nodes, their reports and Leases, and of the cluster's own report: four lists, each watched. */
export interface FleetWatch {
  readonly nodes: ReadonlyMap<string, FleetNode>;
  readonly reports: ReadonlyMap<string, NodeReport>;
  readonly heartbeats: ReadonlyMap<string, Heartbeat>;
  readonly own: () => Inherited | undefined;
  readonly seeingSinceMs: () => number | undefined;
  readonly unseenSinceMs: () => FleetSight['unseenSinceMs'];
  readonly confirmedMs: () => number;
  /** Asks for the Leases afresh: a stream may be dead and say nothing. False where that went wrong. */
  confirm(): Promise<boolean>;
  /** True once all that is there was seen; false when it was ended before. */
  readonly synced: Promise<boolean>;
  readonly ended: Promise<unknown>;
}

export interface FleetWatchOptions {
  readonly client: KubeConnection;
  /** Something that is judged has changed. A renewal alone is none, but of a node that `awakens`. */
  readonly changed: () => void;
  /** Whether a renewal of this node's is news. */
  readonly awakens: (node: string) => boolean;
  readonly tell: TellFleet;
  readonly tally: Pick<FleetTally, 'synced'>;
  readonly signal: AbortSignal;
}

const LEASES = `/apis/coordination.k8s.io/v1/namespaces/${HEARTBEAT_NAMESPACE}/leases`;
const LEASE_SELECTOR = Object.entries(HEARTBEAT_LABELS)
  .map(([key, value]) => `${key}=${value}`)
  .join(',');
const MISSING = 'the kind is not served; kubectl apply -f deploy/controller/crds.yaml';

/** Watches until the signal ends it. */
export function watchFleet(options: FleetWatchOptions): FleetWatch {
  const { client, changed, awakens, tell, tally, signal } = options;
  const heartbeats = new Map<string, Heartbeat>();
  let seeingSinceMs: number | undefined;
  let unseenSinceMs: FleetSight['unseenSinceMs'] = { reports: undefined, leases: undefined };
  let confirmedMs = 0;
  const common = { client, signal };
  const trouble =
    (what: string, ours = false) =>
    (why: Unknown | undefined) =>
      tell({ type: 'sight', what, detail: ours && why?.reason === 'absent' ? MISSING : (why?.detail ?? '') });

  /** How long it lasts counts from the first word of it. */
  function noted(what: Watched, isUnseen: boolean): void {
    const since = unseenSinceMs[what];
    if (isUnseen === (since !== undefined)) return;
    unseenSinceMs = { ...unseenSinceMs, [what]: isUnseen ? performance.now() : undefined };
    changed();
  }
  function renewed({ node, renewed: text, durationMs }: Renewal): void {
    const held = heartbeats.get(node);
    if (held?.renewed === text && held.durationMs === durationMs) return;
    const isNews = held === undefined || awakens(node);
    heartbeats.set(node, { renewed: text, durationMs, changedMs: performance.now() });
    if (isNews) changed();
  }
  const nodes = inform({
    ...common,
    path: '/api/v1/nodes',
    metadataOnly: true,
    read: nodeOf,
    onTrouble: trouble('Nodes'),
    onChange(event) {
      tally.synced();
      const isSame = event.kind === 'set' && event.before?.uid === event.value.uid;
      if (!isSame) changed();
    },
  });
  const tellReports = trouble(`${NODE_REPORTS.kind}s`, true);
  const reports = inform({
    ...common,
    path: NODE_REPORTS.path,
    read: nodeReportOf,
    onTrouble(why) {
      tellReports(why);
      noted('reports', why !== undefined);
    },
    onChange() {
      tally.synced();
      changed();
    },
  });
  const tellLeases = trouble('Leases');
  const leases = inform({
    ...common,
    path: LEASES,
    labelSelector: LEASE_SELECTOR,
    read: renewalOf,
    onTrouble(why) {
      tellLeases(why);
      seeingSinceMs = why ? undefined : performance.now();
      noted('leases', why !== undefined);
    },
    onChange(event) {
      tally.synced();
      if (event.kind === 'set') renewed(event.value);
      else if (heartbeats.delete(event.before.node)) changed();
    },
  });
  const own = inform({
    ...common,
    path: CLUSTER_REPORTS.path,
    fieldSelector: `metadata.name=${CLUSTER_REPORT}`,
    read: inheritedFrom,
    onTrouble: trouble(`${CLUSTER_REPORTS.kind}s`, true),
    onChange(event) {
      if (event.kind === 'removed') changed();
    },
  });
  const all = [nodes, reports, leases, own];
  return {
    nodes: nodes.items,
    reports: reports.items,
    heartbeats,
    own: () => own.items.get(CLUSTER_REPORT),
    seeingSinceMs: () => seeingSinceMs,
    unseenSinceMs: () => unseenSinceMs,
    confirmedMs: () => confirmedMs,
    async confirm() {
      const sentMs = performance.now();
      const listed = await listAt(client, LEASES, renewalOf, { labelSelector: LEASE_SELECTOR, signal });
      if (!listed.known) return false;
      for (const renewal of listed.value.items) if (renewal) renewed(renewal);
      confirmedMs = sentMs;
      return true;
    },
    synced: Promise.all(all.map(({ synced }) => synced)).then((each) => {
      seeingSinceMs ??= performance.now();
      tally.synced();
      return each.every(Boolean);
    }),
    ended: Promise.all(all.map(({ ended }) => ended)),
  };
}

function nodeOf(object: ListedObject): FleetNode | undefined {
  const identity = identityOf(object);
  return identity && { name: identity.name, uid: identity.uid };
}

interface Renewal {
  readonly node: string;
  readonly renewed: string;
  readonly durationMs: number;
}

/** A guard may say that it is silent sooner or later than others, within reason. */
const LONGEST_S = 3600;

/** A Lease of the node that holds it, where it is that node's: one guard does not speak for another. Undefined for any other. */
export function renewalOf(object: ListedObject): Renewal | undefined {
  const identity = identityOf(object);
  const spec = objectAt(object, 'spec');
  const node = textAt(spec, 'holderIdentity');
  const renewed = textAt(spec, 'renewTime');
  if (!identity || node === undefined || renewed === undefined || heartbeatName(node) !== identity.name)
    return undefined;
  const seconds = numberAt(spec, 'leaseDurationSeconds') ?? LEASE_SECONDS;
  return { node, renewed, durationMs: Math.min(LONGEST_S, Math.max(1, seconds)) * 1000 };
}
