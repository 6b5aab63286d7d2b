import type { Reading } from '../../hosts/reading.ts';
import type { Certificate } from './machine.ts';
import type { Outcome } from './outcome.ts';

export interface Service {
  readonly namespace: string;
  readonly name: string;
  /** Annotations under `kube-vip.io/` alone. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly type: string;
  /** status.loadBalancer.ingress[].ip. */
  readonly ingress: readonly string[];
}

/** Whether anything stands behind a Service, without listing Pods. */
export interface Endpoints {
  readonly namespace: string;
  readonly name: string;
  /** Addresses of Pods that are Ready, and of those that are not. `absent` where the object does not exist. */
  readonly addresses: Reading<{ readonly ready: readonly string[]; readonly notReady: readonly string[] }>;
}

/** Endpoints asked for by name wherever the Service exists. */
export const WELL_KNOWN_SERVICES = [
  { namespace: 'harvester-system', name: 'harvester' },
  { namespace: 'harvester-system', name: 'harvester-webhook' },
  { namespace: 'cattle-system', name: 'rancher' },
  { namespace: 'cattle-system', name: 'rancher-webhook' },
] as const;

/** One webhook of a ValidatingWebhookConfiguration or MutatingWebhookConfiguration. */
export interface Webhook {
  readonly kind: 'validating' | 'mutating';
  readonly configuration: string;
  readonly name: string;
  readonly failurePolicy: 'Fail' | 'Ignore';
  readonly timeoutSeconds: number;
  /** `CREATE,UPDATE pods`, one for each rule. */
  readonly rules: readonly string[];
  /** Whether selectors or match conditions narrow it. */
  readonly narrowed: boolean;
  readonly calls: WebhookService | { readonly url: string };
  /** Of the caBundle: the first certificate that ends, or `absent` where it is empty (the system's authorities count then). */
  readonly authority: Reading<Certificate>;
  /** A TLS handshake verified against caBundle and name, to the url or to each ready endpoint; `not-collected` where that cannot be reached from here. */
  readonly handshake: Reading<{
    readonly outcome: Outcome;
    readonly ms: number;
    readonly certificate: Reading<Certificate>;
  }>;
  /**
   * What the API server itself counted (its /metrics): calls, calls that failed, and the time they took, since it started; to checks,
   * between the last two looks between which it called.
   */
  readonly counted: Reading<{ readonly calls: number; readonly failed: number; readonly seconds: number }>;
}

export interface WebhookService {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  /** Of the Service, got by name. */
  readonly endpoints: Reading<{ readonly ready: readonly string[]; readonly notReady: readonly string[] }>;
}

/** A rollout and what holds it up. */
export interface Part {
  readonly kind: 'Deployment' | 'DaemonSet' | 'StatefulSet';
  readonly namespace: string;
  readonly name: string;
  readonly wanted: number;
  readonly ready: number;
  readonly updated: number;
  /** Of its Pods that are not Ready (at most 10). */
  readonly waiting: readonly WaitingPod[];
  /** Containers' restarts, added up. */
  readonly restarts: number;
}

export interface WaitingPod {
  readonly name: string;
  readonly node: string;
  /** `ImagePullBackOff`, `ContainerCreating`, `CrashLoopBackOff`, `Unschedulable`, … */
  readonly reason: string;
  readonly message: string;
  /** RFC 3339: its Ready condition's lastTransitionTime, else its creation. */
  readonly since: string;
}

/** A Pod of one of `PARTS` on this node. */
export interface OwnPod {
  readonly namespace: string;
  readonly name: string;
  /** The rollout's name. */
  readonly part: string;
  /** Where it is not Ready. */
  readonly waiting?: WaitingPod;
  readonly restarts: number;
}

/** Rollouts a snapshot looks at, wherever they exist. */
export const PARTS = [
  { namespace: 'harvester-system', name: 'harvester' },
  { namespace: 'harvester-system', name: 'harvester-webhook' },
  { namespace: 'harvester-system', name: 'harvester-network-controller' },
  { namespace: 'harvester-system', name: 'kube-vip' },
  { namespace: 'cattle-system', name: 'rancher' },
  { namespace: 'cattle-system', name: 'rancher-webhook' },
  { namespace: 'cattle-system', name: 'cattle-cluster-agent' },
  { namespace: 'kube-system', name: 'rke2-canal' },
] as const;

/** ManagedChart of fleet-local (`harvester`, `harvester-crd`, `rancher-monitoring-crd`, …). */
export interface ManagedChart {
  readonly name: string;
  readonly ready: boolean;
  readonly message: string;
  /** RFC 3339, of its Ready condition; empty where the condition has none. */
  readonly since: string;
}

/** An import into a Rancher: the agent in this cluster, and what it says. */
export interface Registration {
  /** Where cattle-cluster-agent is to report (CATTLE_SERVER). */
  readonly server: string;
  readonly agent: Part;
  /** `Connected` and such: conditions of the Cluster object, where this identity sees it. */
  readonly connected: Reading<{ readonly connected: boolean; readonly message: string; readonly since: string }>;
  /** The last lines of the agent's log, at most 50, secrets blotted out. */
  readonly log: Reading<readonly string[]>;
}
