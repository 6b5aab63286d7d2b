import type { NetworkReason, NetworkState } from '../../probes/vm-network/outcome.ts';

/**
 * The two kinds the controller and the agents speak through (deploy/networks/crds.yaml; docs/decisions/0014). `.internal` is
 * reserved for private use, so that nobody can register the group (ICANN, 2024).
 */
export const GROUP = 'hayward.internal';
export const API_VERSION = `${GROUP}/v1alpha1`;

export const NODE_PROBES = { kind: 'NodeNetworkProbe', path: `/apis/${API_VERSION}/nodenetworkprobes` } as const;
export const VM_NETWORKS = {
  kind: 'VMNetwork',
  plural: 'vmnetworks',
  path: `/apis/${API_VERSION}/vmnetworks`,
} as const;
/** Multus' NetworkAttachmentDefinitions in all namespaces. */
export const ATTACHMENTS = {
  apiVersion: 'k8s.cni.cncf.io/v1',
  kind: 'NetworkAttachmentDefinition',
  plural: 'network-attachment-definitions',
  path: '/apis/k8s.cni.cncf.io/v1/network-attachment-definitions',
} as const;

/** Who writes, to server-side apply: the controller, and nobody else. */
export const FIELD_MANAGER = 'hayward-networks';
export const LEASE = { namespace: 'hayward', name: 'hayward-networks' } as const;

/** `namespace/name` of a NetworkAttachmentDefinition. */
export type NetworkKey = string;

/** One network an agent is asked to probe. */
export interface WantedProbe {
  readonly bridge: string;
  /** 0 is untagged. */
  readonly vlan: number;
  /** Given in manual mode only; otherwise DHCP tells both. */
  readonly cidr?: string;
  readonly gateway?: string;
  /** The DHCP server that is meant to be there, where the route annotation names one. */
  readonly server?: string;
  /** Counts up whenever an answer is wanted anew; the answer carries it. */
  readonly ask: number;
}

/** A DHCP server that answered. */
export interface SeenServer {
  readonly address: string;
  readonly mac: string;
  readonly offerMs: number;
  readonly relay?: string;
}

/** What one node's agent found of one network. */
export interface ProbeResult {
  /** Of the probe it answers. */
  readonly ask: number;
  readonly state: NetworkState;
  readonly reason: NetworkReason;
  readonly side?: 'node' | 'network';
  /** One sentence in English; empty where all is well. */
  readonly message: string;
  readonly cidr?: string;
  readonly gateway?: string;
  readonly gatewayMacs?: readonly string[];
  readonly lossPercent?: number;
  readonly servers?: readonly SeenServer[];
  /** RFC 3339, the node's clock. */
  readonly at: string;
}

/** Who answers on a node; RFC 3339, the node's clock. */
export interface AgentStatus {
  readonly version: string;
  readonly startedAt: string;
  /** Renewed about each minute: an agent that is silent for long is gone. */
  readonly seenAt: string;
}

/** `spec` and `status` of a NodeNetworkProbe, which has the name of its node. The controller writes spec, the agent status. */
export interface NodeProbe {
  readonly node: string;
  readonly probes: Readonly<Record<NetworkKey, WantedProbe>>;
  readonly results: Readonly<Record<NetworkKey, ProbeResult>>;
  readonly agent?: AgentStatus;
}

/** What a VMNetwork says of one node. */
export interface NodeReport {
  readonly name: string;
  readonly state: NetworkState;
  readonly reason: NetworkReason | 'no-answer';
  readonly message: string;
  /** Of the last answer; absent where there was none. */
  readonly at?: string;
}

/** metav1.Condition. */
export interface Condition {
  readonly type: 'Connected' | 'HarvesterAgrees';
  readonly status: 'True' | 'False' | 'Unknown';
  readonly observedGeneration: number;
  readonly lastTransitionTime: string;
  readonly reason: string;
  readonly message: string;
}

/** `status` of a VMNetwork, which has the namespace and name of its NetworkAttachmentDefinition. */
export interface VmNetworkReport {
  readonly clusterNetwork: string;
  readonly type: string;
  readonly vlan: number;
  readonly cidr: string;
  readonly gateway: string;
  /** How many nodes see it connected, of how many: "2/3". */
  readonly connectedNodes: string;
  readonly nodes: readonly NodeReport[];
  readonly conditions: readonly Condition[];
}

/** What is told where one of ours is asked for and the API server does not know it. */
export const KIND_MISSING = 'the kind is not served; kubectl apply -f deploy/networks/crds.yaml';
