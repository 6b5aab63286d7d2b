/**
 * Harvester's names for networks and their parts, and the limits they have (harvester/network-controller-harvester,
 * pkg/utils/labels.go, bridge.go, vlan.go, mtu.go).
 */
const GROUP = 'network.harvesterhci.io';

export const KEYS = {
  /** Annotation: the layer 3 side of a VM network, as JSON. */
  route: `${GROUP}/route`,
  /** Labels the controller derives from the CNI configuration. */
  clusterNetwork: `${GROUP}/clusternetwork`,
  type: `${GROUP}/type`,
  vlanId: `${GROUP}/vlan-id`,
  /** Label: whether the cluster network is ready. */
  ready: `${GROUP}/ready`,
  /** Annotation of a ClusterNetwork: its MTU, set by the controller alone, but for `mgmt`. */
  uplinkMtu: `${GROUP}/uplink-mtu`,
  /** Annotation: where the UI keeps a description. */
  description: 'field.cattle.io/description',
  storageNetwork: 'storage-network.settings.harvesterhci.io',
  rwxNetwork: 'rwx-network.settings.harvesterhci.io',
  /**
   * Annotation of ours on a NetworkAttachmentDefinition: "true" says that the network has no gateway on purpose, so that no route
   * is missing. The prefix is a single word, which Kubernetes takes for a DNS subdomain, and which nobody can register.
   */
  isolated: 'hayward/isolated',
} as const;

export const GROUP_PREFIX = `${GROUP}/`;

/** The cluster network every node has; its VlanConfigs are the controller's own. */
export const MANAGEMENT = 'mgmt';

/** Linux's IFNAMSIZ is 16 with the closing zero. */
export const LONGEST_INTERFACE = 15;
const BRIDGE_SUFFIX = '-br';
/** `-br` and `-bo` follow. */
export const LONGEST_CLUSTER_NETWORK = LONGEST_INTERFACE - BRIDGE_SUFFIX.length;

export const HIGHEST_VLAN = 4094;
export const LOWEST_MTU = 576;
export const HIGHEST_MTU = 9000;
export const DEFAULT_MTU = 1500;

export const BOND_MODES = [
  'balance-rr',
  'active-backup',
  'balance-xor',
  'broadcast',
  '802.3ad',
  'balance-tlb',
  'balance-alb',
] as const;

/** The bridge of a cluster network. */
export function bridgeOf(clusterNetwork: string): string {
  return clusterNetwork + BRIDGE_SUFFIX;
}

/** The interface a HostNetworkConfig makes on each node. */
export function hostInterfaceOf(clusterNetwork: string, vlan: number): string {
  return `${bridgeOf(clusterNetwork)}.${vlan}`;
}

/** The cluster network whose bridge this is; undefined for a name the controller refuses. */
export function clusterNetworkOf(bridge: string): string | undefined {
  if (!bridge.endsWith(BRIDGE_SUFFIX) || bridge.length <= BRIDGE_SUFFIX.length) return undefined;
  return bridge.length > LONGEST_INTERFACE ? undefined : bridge.slice(0, -BRIDGE_SUFFIX.length);
}

/** 0 stands for the default. */
export function isMtu(mtu: number): boolean {
  return Number.isInteger(mtu) && (mtu === 0 || (mtu >= LOWEST_MTU && mtu <= HIGHEST_MTU));
}

/** 0 and 1500 are the same MTU. */
export function sameMtu(a: number, b: number): boolean {
  return (a || DEFAULT_MTU) === (b || DEFAULT_MTU);
}
