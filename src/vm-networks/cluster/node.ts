import type { ListedObject } from '../../cluster/client/list.ts';
import { identityOf, objectAt } from '../../cluster/object-fields.ts';
import { GROUP_PREFIX, MANAGEMENT } from '../../harvester/names.ts';

/** What of a Node says which VM networks it carries. */
export interface ClusterNode {
  readonly name: string;
  readonly uid: string;
  readonly clusterNetworks: readonly string[];
  /** It votes in etcd and runs no VMs. */
  readonly isWitness: boolean;
}

const WITNESS = 'node-role.harvesterhci.io/witness';

/** Reads a Node's metadata; undefined for one that is being deleted. */
export function clusterNodeOf(object: ListedObject): ClusterNode | undefined {
  const identity = identityOf(object);
  if (!identity) return undefined;
  const labels = objectAt(object, 'metadata', 'labels') ?? {};
  const clusterNetworks = Object.entries(labels)
    .filter(([key, value]) => key.startsWith(GROUP_PREFIX) && value === 'true')
    .map(([key]) => key.slice(GROUP_PREFIX.length))
    .sort();
  return { name: identity.name, uid: identity.uid, clusterNetworks, isWitness: labels[WITNESS] === 'true' };
}

/**
 * The nodes whose VMs can be on a cluster network, by name. Harvester labels a node with each it has, and places its DHCP helper by
 * that label (network-controller-harvester pkg/controller/manager/nad, constructJob); mgmt is on every node but witnesses.
 */
export function nodesWith(clusterNetwork: string, nodes: Iterable<ClusterNode>): readonly ClusterNode[] {
  return [...nodes]
    .filter(({ isWitness, clusterNetworks }) =>
      clusterNetwork === MANAGEMENT ? !isWitness : clusterNetworks.includes(clusterNetwork),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
