import type { ClusterRecord } from '../../../bundle/cluster/record.ts';
import type { Capture, Entry } from '../../../hosts/capture.ts';
import { known, unknown } from '../../../hosts/reading.ts';
import type { KubeClient } from '../../client/client.ts';
import type { ClusterSnapshot } from '../../model.ts';
import { secondsBetween } from '../../time.ts';
import { lookAtServer } from '../api-servers.ts';
import { collectIdentity, ownNodeName } from '../identity.ts';
import { lookFurther } from '../look-further.ts';
import { addressOf, managementService } from '../management-address.ts';
import type { Clock } from '../nodes.ts';
import { noOwnMachine } from '../own-machine/own-machine.ts';
import { paced } from '../paced.ts';
import { collectServices } from '../services.ts';
import { noWeb } from '../web.ts';
import { answeringClient, capturedCluster, recordingClient } from './answers.ts';
import { LIVE, objectClient } from './object-client.ts';

/** No segment is asked. */
const NO_WIRE = {
  look: async () => ({
    arp: unknown('not-collected', 'ARP', LIVE),
    offeredBy: unknown('not-collected', 'DHCP', LIVE),
  }),
};

interface Occasion {
  readonly target: string;
  readonly kubeconfig: ClusterSnapshot['kubeconfig'];
  /** When the first answer came, and the last. */
  readonly first: Clock;
  readonly last: Clock;
  readonly signal: AbortSignal;
}

/** What a bundle holds of a cluster, as a look at it: read by what reads a live one's answers. `path`: the bundle's. */
export async function recordedCluster(record: ClusterRecord, path: string): Promise<ClusterSnapshot> {
  const kubeconfig = { owner: 'bundle', path };
  const { signal } = new AbortController();
  if (record.kind === 'objects') {
    const { name, takenAt } = record;
    const occasion = { target: name, kubeconfig, first: () => takenAt, last: () => takenAt, signal };
    return notAhead(await lookByApi(objectClient(record), occasion));
  }
  const { takenAt, target } = record.capture;
  const { client, readUntil } = answeringClient(record.capture);
  return lookByApi(client, { target: target.name, kubeconfig, first: () => takenAt, last: () => readUntil, signal });
}

const REQUEST_MS = 5_000;
const WHOLE_MS = 60_000;
const AT_ONCE = 6;

/** Asks an API server all that a judgement of a bundle will ask, and keeps the answers. */
export async function captureCluster(client: KubeClient, target: string, signal: AbortSignal): Promise<Capture> {
  const answers = Object.create(null) as Record<string, Entry>;
  const limit = { timeoutMs: REQUEST_MS, signal: AbortSignal.any([signal, AbortSignal.timeout(WHOLE_MS)]) };
  const asking = recordingClient(paced(client, { ...limit, bound: AT_ONCE }), answers);
  const now: Clock = () => new Date().toISOString();
  const kubeconfig = { owner: 'bundle', path: '' };
  const snapshot = await lookByApi(asking, { target, kubeconfig, first: now, last: now, signal: limit.signal });
  return capturedCluster(snapshot, client.server, answers);
}

/**
 * A look by the API alone. Which questions are asked must follow from the answers, and from nothing that differs between the machine
 * that records and the one that reads: so it is looked from nowhere near, and no machine is asked.
 */
async function lookByApi(client: KubeClient, occasion: Occasion): Promise<ClusterSnapshot> {
  const { target, kubeconfig, signal } = occasion;
  const web = noWeb(LIVE);
  const first = await lookAtServer(client, 'kubeconfig', web);
  const takenAt = occasion.first();
  const [identity, services] = await Promise.all([collectIdentity(client), collectServices(client)]);
  const service = managementService(services);
  const seen = await lookFurther({
    client,
    limit: { timeoutMs: REQUEST_MS, signal },
    services,
    service,
    vantage: 'routed',
    nodeName: ownNodeName(identity, false),
    web,
    wire: NO_WIRE,
    clock: occasion.last,
    // Of objects nobody knows who dumped them, nor what else may be seen.
    asksPermissions: identity.known,
  });
  const own = noOwnMachine(LIVE);
  const address = addressOf(service);
  const clock = `${client.server}/livez`;
  return {
    schemaVersion: 1,
    takenAt,
    target,
    kubeconfig,
    vantage: 'routed',
    identity,
    serverClock: first.clock === undefined ? unknown('not-collected', clock, LIVE) : known(first.clock, clock),
    services,
    certificates: own.certificates,
    listeners: own.listeners,
    apiServerArguments: own.apiServerArguments,
    ...seen,
    managementAddress: {
      ...seen.managementAddress,
      carriers: unknown('not-collected', 'ip address', address.known ? LIVE : 'there is no management address'),
    },
    apiServers: [first.server, ...seen.apiServers],
  };
}

/**
 * A dump is written over minutes, and tells one moment: what was renewed after it is of a node whose clock is right. So nobody's
 * clock is judged by it.
 */
function notAhead(snapshot: ClusterSnapshot): ClusterSnapshot {
  const { nodes } = snapshot;
  if (!nodes.known) return snapshot;
  const value = nodes.value.map((node) => {
    const { leaseRenewedAt: renewed, leaseReadAt: read } = node;
    return renewed.known && secondsBetween(read, renewed.value) > 0 ? { ...node, leaseReadAt: renewed.value } : node;
  });
  return { ...snapshot, nodes: { ...nodes, value } };
}
