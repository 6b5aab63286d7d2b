import { type Reading, type Unknown, unknown } from '../../hosts/reading.ts';
import type { KubeClient } from '../client/client.ts';
import type { ManagementAddress } from '../model/management-address.ts';
import type { NodeLook } from '../model/nodes.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Service } from '../model/parts.ts';
import type { ClusterSnapshot, Vantage } from '../model.ts';
import { lookAtOthers } from './api-servers.ts';
import { collectCharts } from './charts.ts';
import { addressOf, collectManagementAddress, urlOf } from './management-address.ts';
import { type Clock, collectNode, collectNodes } from './nodes.ts';
import { collectOwnPods, noOwnPods } from './own-pods.ts';
import { collectParts } from './parts.ts';
import { collectPermissions } from './permissions.ts';
import { collectRegistration } from './registration.ts';
import { collectEndpoints } from './services.ts';
import type { Web, WebLimit } from './web.ts';
import { collectWebhooks } from './webhooks.ts';
import type { Wire } from './wire.ts';

/** How far a look goes: who is asked, and what of that a recording answers. */
export interface Further {
  readonly client: KubeClient;
  readonly limit: WebLimit;
  readonly services: Reading<readonly Service[]>;
  readonly service: Reading<Service>;
  readonly vantage: Vantage;
  readonly nodeName: Reading<string>;
  readonly web: Web;
  readonly wire: Pick<Wire, 'look'>;
  readonly clock: Clock;
  /** Whether what these credentials may do is asked, too. */
  readonly asksPermissions: boolean;
}

export type Seen = Pick<
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

/** Everything but the first answers, at the same time. */
export async function lookFurther(further: Further): Promise<Seen> {
  const { client, limit, services, service, vantage, nodeName, web, wire, clock } = further;
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
    lookAtOthers(client, address, web),
    further.asksPermissions ? collectPermissions(client, nodeName) : [],
    collectNodes(client, clock),
    nodeName.known ? collectNode(client, nodeName.value, clock) : nodeName,
    collectEndpoints(client, services),
    collectWebhooks(client, vantage, web),
    collectCharts(client),
    harvesterOf(services, address, web),
    collectManagementAddress(client, service, { limit, web, wire }),
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
  web: Web,
): Promise<Reading<Outcome>> {
  const source = 'https://VIP/v1/harvester/cluster/local';
  if (address.known) return web.get(`${urlOf(address.value)}/v1/harvester/cluster/local`);
  const isThere = services.known && services.value.some(({ namespace }) => namespace === 'harvester-system');
  if (services.known && !isThere) return unknown('not-collected', source, 'there is no Harvester here');
  return address.reason === 'absent' ? unknown('not-collected', source, address.detail) : address;
}
