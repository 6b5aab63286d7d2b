import { known, mapReading, type Reading, unknown } from '../../hosts/reading.ts';
import type { KubeClient } from '../client/client.ts';
import { list } from '../client/list.ts';
import type { NodeCondition, NodeLook } from '../model/nodes.ts';
import { objectOf, type Piece, pieceOf } from './objects.ts';

/** What time it is, RFC 3339: now, or when a recording was made. */
export type Clock = () => string;

const NODES = '/api/v1/nodes';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';

/** All nodes with their Leases; denied to a node's own credentials since 1.32 (KEP-4601). */
export async function collectNodes(client: KubeClient, clock: Clock): Promise<Reading<readonly NodeLook[]>> {
  const [nodes, leases] = await Promise.all([
    list(client, NODES, (object) => nodeOf(pieceOf(object))),
    list(client, LEASES, (object) => [pieceOf(object).text('metadata', 'name'), pieceOf(object)] as const),
  ]);
  const leaseReadAt = clock();
  const byName = mapReading(leases, (all) => new Map(all));
  return mapReading(nodes, (all) =>
    all.map((node) => ({
      ...node,
      leaseRenewedAt: byName.known
        ? renewalOf(byName.value.get(node.name), `${byName.source} ${node.name}`, node.name)
        : byName,
      leaseReadAt,
    })),
  );
}

/** One node, as its own credentials may see it. */
export async function collectNode(client: KubeClient, name: string, clock: Clock): Promise<Reading<NodeLook>> {
  const own = encodeURIComponent(name);
  const answers = await Promise.all([client.json(`${NODES}/${own}`), client.json(`${LEASES}/${own}`)]);
  const leaseReadAt = clock();
  const node = objectOf(answers[0], 'Node');
  const lease = objectOf(answers[1], 'Lease');
  if (!node.known) return node;
  const leaseRenewedAt = lease.known ? renewalOf(lease.value, lease.source, name) : lease;
  return known({ ...nodeOf(node.value), leaseRenewedAt, leaseReadAt }, node.source);
}

function renewalOf(lease: Piece | undefined, source: string, name: string): Reading<string> {
  const renewed = lease?.text('spec', 'renewTime') ?? '';
  return renewed === ''
    ? unknown('absent', source, `no Lease of node ${name} has been renewed`)
    : known(renewed, source);
}

/** Labels before 1.24 said `master`; k3s and RKE2 write `true`, others nothing. */
const ROLE = /^node-role\.kubernetes\.io\/(.+)$/;
const WITNESS = 'node-role.harvesterhci.io/witness';

/** Harvester's and the system-upgrade-controller's own marks (harvester upgrade_controller.go, upgrade.cattle.io/v1 Plan). */
const PRE_HOOK = 'harvesterhci.io/pre-hook';
const UPGRADE_LABEL = /^upgrade\.cattle\.io\/|^harvesterhci\.io\/upgradeState$/i;

function nodeOf(node: Piece): Omit<NodeLook, 'leaseRenewedAt' | 'leaseReadAt'> {
  const labels = node.map('metadata', 'labels');
  const marks = [PRE_HOOK, ...Object.keys(labels).filter((key) => UPGRADE_LABEL.test(key))];
  const marked = { ...node.map('metadata', 'annotations'), ...labels };
  const mark = marks.find((key) => (marked[key] ?? '') !== '');
  const deletedAt = node.text('metadata', 'deletionTimestamp');
  return {
    name: node.text('metadata', 'name'),
    roles: [
      ...Object.keys(labels).map((key) => ROLE.exec(key)?.[1]),
      labels[WITNESS] === 'true' ? 'witness' : undefined,
    ].filter((role) => role !== undefined),
    internalAddresses: node
      .list('status', 'addresses')
      .filter((address) => address.text('type') === 'InternalIP')
      .map((address) => address.text('address')),
    conditions: node.list('status', 'conditions').map(conditionOf),
    taints: node
      .list('spec', 'taints')
      .map((taint) => `${taint.text('key')}=${taint.text('value')}:${taint.text('effect')}`),
    unschedulable: node.at('spec', 'unschedulable').value === true,
    kubeletVersion: node.text('status', 'nodeInfo', 'kubeletVersion'),
    bootId: node.text('status', 'nodeInfo', 'bootID'),
    createdAt: node.text('metadata', 'creationTimestamp'),
    ...(deletedAt === '' ? {} : { deletedAt }),
    ...(mark === undefined ? {} : { upgrade: `${mark}=${marked[mark]}` }),
  };
}

function conditionOf(condition: Piece): NodeCondition {
  const status = condition.text('status');
  return {
    type: condition.text('type'),
    status: status === 'True' || status === 'False' ? status : 'Unknown',
    reason: condition.text('reason'),
    message: condition.text('message'),
    lastTransitionTime: condition.text('lastTransitionTime'),
    lastHeartbeatTime: condition.text('lastHeartbeatTime'),
  };
}
