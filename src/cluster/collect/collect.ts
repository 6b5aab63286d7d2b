import { networkInterfaces } from 'node:os';
import { known, type Reading, type Unknown, unknown } from '../../hosts/reading.ts';
import type { KubeClient } from '../client/client.ts';
import type { FoundKubeconfig } from '../client/find-kubeconfig.ts';
import type { Certificate } from '../model/machine.ts';
import type { ManagementAddress } from '../model/management-address.ts';
import type { NodeLook } from '../model/nodes.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Service } from '../model/parts.ts';
import type { ApiServer, ClusterSnapshot, Vantage } from '../model.ts';
import { lookAtOthers, lookAtServer } from './api-servers.ts';
import { collectCharts } from './charts.ts';
import { collectIdentity, ownNodeName } from './identity.ts';
import {
  addressOf,
  collectManagementAddress,
  hardwareAddressOf,
  managementService,
  urlOf,
} from './management-address.ts';
import { collectNode, collectNodes } from './nodes.ts';
import { argumentsNamed } from './own-machine/apiserver-arguments.ts';
import { isThisMachine, lookAtOwnMachine, noOwnMachine, ownCarriers, withOwn } from './own-machine/own-machine.ts';
import { collectOwnPods, noOwnPods } from './own-pods.ts';
import { paced } from './paced.ts';
import { collectParts } from './parts.ts';
import { collectPermissions } from './permissions.ts';
import { collectRegistration } from './registration.ts';
import { collectEndpoints, collectServices } from './services.ts';
import { vantageOf } from './vantage.ts';
import { askUnverified, type WebLimit } from './web.ts';
import { collectWebhooks } from './webhooks.ts';
import { openWire, type Wire } from './wire.ts';

export interface CollectOptions {
  readonly found: FoundKubeconfig;
  /** Where the kubeconfig was found, for people. */
  readonly path: string;
  /** One request; 5 s unless said otherwise. */
  readonly requestMs?: number;
  /** The whole look; 30 s unless said otherwise. What is not there by then is unknown. */
  readonly wholeMs?: number;
  /** Remembers between looks what need not be asked at each. */
  readonly wire?: Wire;
  /** kube-apiserver's arguments are judged of these files instead of this machine's. */
  readonly argumentFiles?: readonly string[];
  /** Ends the look early. */
  readonly signal?: AbortSignal;
}

const REQUEST_MS = 5_000;
const WHOLE_MS = 30_000;
const AT_ONCE = 6;

/**
 * Looks at a cluster once, with the credentials in hand, everything at the same time but at a bounded pace. Never rejects for what the
 * cluster does, and never takes longer than its limit: whatever could not be asked is unknown, with the reason.
 */
export async function collectCluster(client: KubeClient, options: CollectOptions): Promise<ClusterSnapshot> {
  const { found, path, requestMs = REQUEST_MS, wholeMs = WHOLE_MS, wire = openWire() } = options;
  const over = new AbortController();
  const signals = [over.signal, AbortSignal.timeout(wholeMs), ...(options.signal ? [options.signal] : [])];
  const limit: WebLimit = { timeoutMs: requestMs, signal: AbortSignal.any(signals) };
  const asking = paced(client, { ...limit, bound: AT_ONCE });
  const first = await lookAtServer(asking, 'kubeconfig', limit);
  const takenAt = new Date().toISOString();
  const silence = silenceOf(first.server);
  // Every further request would cost its whole limit and say the same.
  if (silence !== undefined) over.abort(silence);
  const [identity, services] = await Promise.all([collectIdentity(asking), collectServices(asking)]);
  const service = managementService(services);
  const vantage = vantageFrom({ found, path }, client, addressOf(service));
  const nodeName = ownNodeName(identity, vantage === 'node');
  // Not by the limit that ends where the API server is silent: then its own files tell why.
  const lookHere = () =>
    lookAtOwnMachine(AbortSignal.any([AbortSignal.timeout(wholeMs), ...(options.signal ? [options.signal] : [])]));
  const [seen, early, named] = await Promise.all([
    lookFurther({ client: asking, limit, services, service, vantage, nodeName, wire }),
    vantage === 'node' ? lookHere() : undefined,
    options.argumentFiles && argumentsNamed(options.argumentFiles),
  ]);
  const own = early ?? (isThisMachine(seen.ownNode) ? await lookHere() : noOwnMachine());
  const { address } = seen.managementAddress;
  const carriers = ownCarriers(own, nodeName, { address, hwAddress: hardwareAddressOf(service) });
  return {
    schemaVersion: 1,
    takenAt,
    target: found.access.context,
    kubeconfig: { owner: found.owner, path },
    vantage,
    identity,
    serverClock:
      first.clock === undefined
        ? unknown('failed', `${client.server}/livez`, 'no answer tells its time')
        : known(first.clock, `${client.server}/livez`),
    services,
    certificates: withOwn(own.certificates, ownCertificates(client, path)),
    listeners: own.listeners,
    apiServerArguments: named ?? own.apiServerArguments,
    ...seen,
    managementAddress: { ...seen.managementAddress, carriers },
    apiServers: [first.server, ...seen.apiServers],
  };
}

/** Why nothing more need be asked: no HTTP answer came at all. */
function silenceOf({ livez }: ApiServer): string | undefined {
  return livez.known && livez.value.kind !== 'answered' ? livez.value.detail : undefined;
}

function vantageFrom(
  { found, path }: Pick<CollectOptions, 'found' | 'path'>,
  client: KubeClient,
  address: Reading<string>,
): Vantage {
  const server = new URL(client.server).hostname.replace(/^\[|\]$/g, '');
  const targets = [server, ...(address.known ? [address.value] : [])];
  return vantageOf({ owner: found.owner, path, interfaces: networkInterfaces(), targets });
}

/** Our own is the one certificate everybody has. */
function ownCertificates({ certificate }: KubeClient, path: string): Reading<readonly Certificate[]> {
  if (certificate === undefined) return unknown('not-collected', path, 'one comes without a certificate');
  return known([{ ...certificate, place: path }], path);
}

interface Further {
  readonly client: KubeClient;
  readonly limit: WebLimit;
  readonly services: Reading<readonly Service[]>;
  readonly service: Reading<Service>;
  readonly vantage: Vantage;
  readonly nodeName: Reading<string>;
  readonly wire: Wire;
}

type Seen = Pick<
  ClusterSnapshot,
  | 'apiServers'
  | 'permissions'
  | 'nodes'
  | 'ownNode'
  | 'endpoints'
  | 'webhooks'
  | 'parts'
  | 'ownPods'
  | 'managedCharts'
  | 'harvester'
  | 'harvesterVersion'
  | 'registration'
> & { readonly managementAddress: Omit<ManagementAddress, 'carriers'> };

async function lookFurther(further: Further): Promise<Seen> {
  const { client, limit, services, service, vantage, nodeName, wire } = further;
  const address = addressOf(service);
  const parts = collectParts(client);
  const [
    apiServers,
    permissions,
    nodes,
    own,
    endpoints,
    webhooks,
    charts,
    harvester,
    management,
    registration,
    ownPods,
  ] = await Promise.all([
    lookAtOthers(client, address, limit),
    collectPermissions(client, nodeName),
    collectNodes(client),
    nodeName.known ? collectNode(client, nodeName.value) : nodeName,
    collectEndpoints(client, services),
    collectWebhooks(client, vantage, limit),
    collectCharts(client),
    harvesterOf(services, address, limit),
    collectManagementAddress(client, service, { limit, wire }),
    parts.then((all) => collectRegistration(client, all)),
    parts.then((all) => ownPodsOf(all, further)),
  ]);
  return {
    apiServers,
    permissions,
    nodes,
    ownNode: ownNodeOf(own, nodes, vantage),
    endpoints,
    webhooks,
    parts: await parts,
    ownPods,
    ...charts,
    harvester,
    managementAddress: management,
    registration,
  };
}

/** What is refused of all is asked of one's own node. */
function ownPodsOf(parts: ClusterSnapshot['parts'], { client, nodeName, vantage, limit }: Further) {
  if (parts.known || parts.reason !== 'denied') return noOwnPods('the rollouts themselves were asked for');
  if (!nodeName.known) return nodeName;
  return collectOwnPods({ client, node: nodeName.value, isHere: vantage === 'node', signal: limit.signal });
}

/** A machine that is no node of this cluster has no Node object: then it only looked like one. */
function ownNodeOf(own: Reading<NodeLook>, nodes: Reading<readonly NodeLook[]>, vantage: Vantage): Reading<NodeLook> {
  const isStranger = !own.known && own.reason === 'absent' && nodes.known && vantage === 'node';
  return isStranger ? notANode(own) : own;
}

function notANode({ source }: Unknown): Unknown {
  return unknown('not-collected', source, 'this machine has no Node object in the cluster');
}

/** Harvester's own end point: Rancher's proxy does not answer it before Harvester does, as it does /version (harvester#7963). */
async function harvesterOf(
  services: Reading<readonly Service[]>,
  address: Reading<string>,
  limit: WebLimit,
): Promise<Reading<Outcome>> {
  const source = 'https://VIP/v1/harvester/cluster/local';
  if (address.known) return askUnverified(`${urlOf(address.value)}/v1/harvester/cluster/local`, limit);
  const isThere = services.known && services.value.some(({ namespace }) => namespace === 'harvester-system');
  if (services.known && !isThere) return unknown('not-collected', source, 'there is no Harvester here');
  return address.reason === 'absent' ? unknown('not-collected', source, address.detail) : address;
}
