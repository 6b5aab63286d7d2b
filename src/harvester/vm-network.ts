import {
  type CniConfig,
  NETWORK_TYPES,
  type NetworkType,
  networkTypeOf,
  type ReadCniConfig,
  readCniConfig,
} from './cni-config.ts';
import { bridgeOf, clusterNetworkOf, GROUP_PREFIX, KEYS, MANAGEMENT } from './names.ts';

/** What of a NetworkAttachmentDefinition says which network it is: the same from a file and from an API server. */
export interface NetworkObject {
  readonly name: string;
  readonly namespace: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  /** `spec.config`; undefined where there is none. */
  readonly config: string | undefined;
}

/** A NetworkAttachmentDefinition that is a VM network of Harvester's. */
export interface VmNetwork extends NetworkObject {
  readonly read: ReadCniConfig;
  /** From the configuration; from the label where that cannot be read. */
  readonly type: NetworkType | undefined;
  /** Undefined where neither the bridge nor the label tells. */
  readonly clusterNetwork: string | undefined;
}

export const NETWORK_KIND = 'NetworkAttachmentDefinition';

/**
 * Reads a network, or says that it is none of Harvester's: Multus serves other bridges and other plugins too. Harvester's
 * have a key of its group, or, as written by hand, a bridge by the name of a cluster network's.
 */
export function vmNetworkOf(object: NetworkObject): VmNetwork | undefined {
  const read = readCniConfig(object.config ?? '{}');
  const config = read.ok ? read.config : undefined;
  const keys = [...object.labels.keys(), ...object.annotations.keys()];
  const marked = keys.some(
    (key) => key.startsWith(GROUP_PREFIX) || key === KEYS.storageNetwork || key === KEYS.rwxNetwork,
  );
  if (!marked && !(config && isBridge(config) && clusterNetworkOf(config.bridge) !== undefined)) return undefined;
  const label = object.labels.get(KEYS.type);
  const type = config ? networkTypeOf(config) : NETWORK_TYPES.find((one) => one === label);
  return { ...object, read, type, clusterNetwork: clusterNetworkFrom(config, object) };
}

export function isBridge({ type }: CniConfig): boolean {
  return type === 'bridge' || type === '';
}

function clusterNetworkFrom(config: CniConfig | undefined, { labels }: NetworkObject): string | undefined {
  if (config?.type === 'kube-ovn') return MANAGEMENT;
  return (config && clusterNetworkOf(config.bridge)) ?? labels.get(KEYS.clusterNetwork);
}

/** Why a network needs no route. */
export type NoRouteNeeded = 'storage' | 'rwx' | 'trunk' | 'overlay' | 'untagged' | 'isolated';

/**
 * Why it is no fault that a network has no route; undefined where Harvester would ask and ping if it had one. That it does for
 * networks with a VLAN alone (manager/nad/controller.go, OnChange and IsVlanNad): the annotation of an untagged network is kept
 * and never looked at. Harvester's own networks lie in harvester-system; a name like theirs elsewhere means the same.
 */
export function noRouteNeeded({ name, annotations, type }: VmNetwork): NoRouteNeeded | undefined {
  if (annotations.get(KEYS.isolated) === 'true') return 'isolated';
  if (annotations.get(KEYS.storageNetwork) === 'true' || name.startsWith('storagenetwork-')) return 'storage';
  if (annotations.get(KEYS.rwxNetwork) === 'true' || name.startsWith('rwx-network-')) return 'rwx';
  if (type === 'L2VlanTrunkNetwork') return 'trunk';
  if (type === 'OverlayNetwork') return 'overlay';
  return type === 'UntaggedNetwork' ? 'untagged' : undefined;
}

/** The VLAN of a network that has one. */
export function vlanOf({ read }: VmNetwork): number | undefined {
  return read.ok && isBridge(read.config) && read.config.vlan !== 0 ? read.config.vlan : undefined;
}

/** The bridge it must have, by its label. */
export function bridgeByLabel({ labels }: VmNetwork): string | undefined {
  const label = labels.get(KEYS.clusterNetwork);
  return label === undefined ? undefined : bridgeOf(label);
}
