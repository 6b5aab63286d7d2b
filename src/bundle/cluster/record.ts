import type { Capture } from '../../hosts/capture.ts';
import type { Failure } from '../../hosts/draft.ts';

/** A cluster as a bundle holds it. What it does not hold was not collected; it is not absent. */
export type ClusterRecord = ClusterAnswers | ClusterObjects;

/** What an API server answered, question by question: of a bundle made by `hayward capture --cluster`. */
export interface ClusterAnswers {
  readonly kind: 'answers';
  readonly capture: Capture;
}

/** API objects, as other programs dump them. */
export interface ClusterObjects {
  readonly kind: 'objects';
  /** What findings call the cluster. */
  readonly name: string;
  /** RFC 3339: when it was collected, as far as the bundle tells. */
  readonly takenAt: string;
  /** By `listKey`: the objects of one resource in one namespace, all of them, or why they cannot be read. */
  readonly lists: ReadonlyMap<string, readonly unknown[] | Failure>;
  /** By `NAMESPACE/POD`: the end of its log. */
  readonly logs: ReadonlyMap<string, string>;
  /** All namespaces there are; undefined where the bundle does not tell. */
  readonly namespaces?: ReadonlySet<string>;
  /** The API server's `gitVersion`. */
  readonly version?: string;
  /** How to get what is missing. */
  readonly hint: string;
}

/** What a recording of objects may hold: resources that a judgement reads, and in which namespaces. */
export interface Resource {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
  /** Undefined: of the whole cluster. */
  readonly namespaces?: 'all' | readonly string[];
}

const SYSTEM = ['harvester-system', 'cattle-system', 'kube-system'] as const;
const ADMISSION = 'admissionregistration.k8s.io';

export const RESOURCES: readonly Resource[] = [
  { group: '', plural: 'nodes', kind: 'Node' },
  { group: '', plural: 'namespaces', kind: 'Namespace' },
  { group: '', plural: 'services', kind: 'Service', namespaces: 'all' },
  { group: '', plural: 'endpoints', kind: 'Endpoints', namespaces: 'all' },
  { group: '', plural: 'configmaps', kind: 'ConfigMap', namespaces: ['harvester-system'] },
  { group: '', plural: 'pods', kind: 'Pod', namespaces: SYSTEM },
  { group: 'apps', plural: 'deployments', kind: 'Deployment', namespaces: SYSTEM },
  { group: 'apps', plural: 'daemonsets', kind: 'DaemonSet', namespaces: SYSTEM },
  {
    group: 'coordination.k8s.io',
    plural: 'leases',
    kind: 'Lease',
    namespaces: ['kube-node-lease', 'harvester-system'],
  },
  { group: ADMISSION, plural: 'validatingwebhookconfigurations', kind: 'ValidatingWebhookConfiguration' },
  { group: ADMISSION, plural: 'mutatingwebhookconfigurations', kind: 'MutatingWebhookConfiguration' },
  { group: 'management.cattle.io', plural: 'managedcharts', kind: 'ManagedChart', namespaces: ['fleet-local'] },
  { group: 'harvesterhci.io', plural: 'settings', kind: 'Setting' },
];

/** Where objects of the whole cluster's Services must be known of before one that is missing is absent. */
export const NAMESPACES_THAT_MATTER: readonly string[] = SYSTEM;

export function resourceOf(group: string, plural: string): Resource | undefined {
  return RESOURCES.find((one) => one.group === group && one.plural === plural);
}

/** Under what a resource's objects are kept, of one namespace or (empty) of the cluster. */
export function listKey({ group, plural }: Pick<Resource, 'group' | 'plural'>, namespace: string): string {
  return `${namespace}/${plural}.${group}`;
}
