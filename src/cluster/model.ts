import type { Reading } from '../hosts/reading.ts';
import type { Listener } from '../snapshot/listeners.ts';
import type { Argument, Certificate } from './model/machine.ts';
import type { ManagementAddress } from './model/management-address.ts';
import type { NodeLook } from './model/nodes.ts';
import type { Outcome } from './model/outcome.ts';
import type { Endpoints, ManagedChart, OwnPod, Part, Registration, Service, Webhook } from './model/parts.ts';

/**
 * A cluster as it was at one moment, as far as one identity could see it from one place. Plain JSON: it serialises, and the same
 * bytes give the same findings anywhere. It holds no secret: no token, no key, no text of a file that may have one.
 *
 * Of every reading: `denied` where the server refused (401, 403) or a file may not be read, with the server's own message as the
 * detail; `absent` where the thing (or its CRD: 404) does not exist; `failed` where asking went wrong; `not-collected` where nobody
 * asked. That something does *not answer* is no failed reading but an observation, an Outcome.
 */
export interface ClusterSnapshot {
  readonly schemaVersion: 1;
  /** RFC 3339, by the clock of the machine that looked. */
  readonly takenAt: string;
  /** The kubeconfig's context: what findings call the cluster. */
  readonly target: string;
  /** The kubeconfig that was used: whose it is, and where. */
  readonly kubeconfig: { readonly owner: string; readonly path: string };
  readonly vantage: Vantage;
  /** Who the API server says one is (SelfSubjectReview), or the certificate does. */
  readonly identity: Reading<Identity>;
  /** RFC 3339: the `Date` of an API server's answer, taken at `takenAt`. */
  readonly serverClock: Reading<string>;
  /** The API server of the kubeconfig first, then the VIP's, then each server by itself. */
  readonly apiServers: readonly ApiServer[];
  /** One for each thing a check needs that not every identity may do. */
  readonly permissions: readonly Permission[];
  /** All nodes. */
  readonly nodes: Reading<readonly NodeLook[]>;
  /** The node whose credentials these are, or on which this runs; `not-collected` elsewhere. */
  readonly ownNode: Reading<NodeLook>;
  /** All Services that matter here: VIP, Harvester, Rancher, webhooks. Any authenticated node may list them. */
  readonly services: Reading<readonly Service[]>;
  /** Endpoints of well-known Services, got by name, which a node may as well (`get` only). */
  readonly endpoints: readonly Endpoints[];
  /** Validating and mutating webhooks, one entry a webhook. */
  readonly webhooks: Reading<readonly Webhook[]>;
  /** Deployments, DaemonSets and Pods of Harvester, Rancher, kube-vip and the agents (`PARTS`), with what holds them up. */
  readonly parts: Reading<readonly Part[]>;
  /** This node's own Pods of them, where the rollouts themselves may not be read: by the API server, the kubelet or the runtime. */
  readonly ownPods: Reading<readonly OwnPod[]>;
  readonly managedCharts: Reading<readonly ManagedChart[]>;
  /** GET https://VIP/v1/harvester/cluster/local, no credentials: Harvester itself answers it. `not-collected` where there is no Harvester. */
  readonly harvester: Reading<Outcome>;
  /** Harvester's release, from Settings or the `harvester` ManagedChart; as `v1.5.0`. */
  readonly harvesterVersion: Reading<string>;
  readonly managementAddress: ManagementAddress;
  readonly registration: Reading<Registration>;
  /** What listens on this node; `not-collected` where this is no node. */
  readonly listeners: Reading<readonly Listener[]>;
  /** Arguments kube-apiserver is, or will be, started with: RKE2's configuration and manifests on this node, or a file one names. */
  readonly apiServerArguments: Reading<readonly Argument[]>;
  /** Certificates in files on this node. Those of API servers and the VIP are with them. */
  readonly certificates: Reading<readonly Certificate[]>;
}

/**
 * From where it was looked: on a `node` of the cluster; on a machine in the same layer-2 segment as the management address or API
 * server (`on-link`: also loopback); or through a router (`routed`), where silence may be the way's fault.
 */
export type Vantage = 'node' | 'on-link' | 'routed';

export interface Identity {
  /** e.g. `system:node:node-1`. */
  readonly username: string;
  readonly groups: readonly string[];
}

/** One API server's own answers, over TLS with the credentials in hand. */
export interface ApiServer {
  readonly url: string;
  readonly via: 'kubeconfig' | 'vip' | 'server';
  readonly livez: Reading<Outcome>;
  /** `/readyz?verbose`; the outcome's text is kept whole. */
  readonly readyz: Reading<Outcome>;
  /** `gitVersion` of /version: no proof of readiness, for Rancher may answer it. */
  readonly version: Reading<string>;
  /** The certificate it serves, read without verifying it. */
  readonly certificate: Reading<Certificate>;
}

/** What an access review says of a request, and what the request itself said. */
export interface Permission {
  /** The request as a person would write it: `list pods --all-namespaces`, `list pods --field-selector spec.nodeName=node-1`. */
  readonly request: string;
  /** Whether a node's own identity is always given it; where that is refused something is wrong. */
  readonly ofEveryNode: boolean;
  /** SelfSubjectAccessReview's `allowed`. It knows no field selectors before 1.31. */
  readonly review: Reading<boolean>;
  /** The real request: known `true` when it was answered; denied with the server's message. */
  readonly answered: Reading<true>;
}
