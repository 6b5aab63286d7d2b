import type { KubeClient } from '../../cluster/client/client.ts';
import { type ListedObject, list } from '../../cluster/client/list.ts';
import { mapReading, type Reading, type Unknown } from '../../hosts/reading.ts';
import { isObject } from '../../plain-object.ts';
import type { PlannedServer } from '../plan.ts';

export interface ClusterNode {
  readonly name: string;
  /** Its InternalIP. */
  readonly address: string | undefined;
  readonly ready: boolean;
  /** All names of all images it lists; the kubelet lists fifty unless told otherwise (nodeStatusMaxImages). */
  readonly images: readonly string[];
}

/** The nodes that run Linux, by name. */
export async function clusterNodes(client: KubeClient, signal?: AbortSignal): Promise<Reading<readonly ClusterNode[]>> {
  const nodes = await list(client, '/api/v1/nodes', nodeOf, { ...(signal && { signal }) });
  return mapReading(nodes, (all) =>
    all.filter((node) => node !== undefined).sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })),
  );
}

function nodeOf(object: ListedObject): ClusterNode | undefined {
  const { metadata, status } = object;
  if (!isObject(metadata) || typeof metadata['name'] !== 'string') return undefined;
  const labels = isObject(metadata['labels']) ? metadata['labels'] : {};
  if ((labels['kubernetes.io/os'] ?? 'linux') !== 'linux') return undefined;
  const { addresses, conditions, images } = isObject(status) ? status : {};
  return {
    name: metadata['name'],
    address: textIn(
      objectsIn(addresses).find(({ type }) => type === 'InternalIP'),
      'address',
    ),
    ready: objectsIn(conditions).some(({ type, status: said }) => type === 'Ready' && said === 'True'),
    images: objectsIn(images).flatMap(({ names }) => (Array.isArray(names) ? names.map(String) : [])),
  };
}

const DNS_LABEL = 'k8s-app=kube-dns';

/** DNS of the cluster. */
export interface Dns {
  readonly servers: readonly PlannedServer[];
  /** Why none of its Pods is among them, where they could not be listed. */
  readonly hidden: Unknown | undefined;
}

/** Its Service, then its Pods that run. The label is kubeadm's, kept by CoreDNS' charts for compatibility. */
export async function clusterDns(client: KubeClient): Promise<Reading<Dns>> {
  const path = '/api/v1/namespaces/kube-system';
  const [services, pods] = await Promise.all([
    list(client, `${path}/services`, serviceAddress, { labelSelector: DNS_LABEL }),
    list(client, `${path}/pods`, dnsPod, { labelSelector: DNS_LABEL }),
  ]);
  return mapReading(services, (addresses) => ({
    servers: [
      ...addresses.flatMap((address) => (address ? [{ address, backend: undefined, missing: '' }] : [])),
      ...(pods.known ? pods.value.filter((one) => one !== undefined) : []),
    ],
    hidden: pods.known ? undefined : pods,
  }));
}

function serviceAddress({ spec }: ListedObject): string | undefined {
  const address = textIn(spec, 'clusterIP');
  return address === 'None' ? undefined : address;
}

/** What is going away is nobody's server any more; what is not Ready is none yet, and is not asked. */
function dnsPod({ metadata, spec, status }: ListedObject): PlannedServer | undefined {
  const address = textIn(status, 'podIP');
  const isGoing = textIn(metadata, 'deletionTimestamp') !== undefined;
  if (address === undefined || isGoing || textIn(status, 'phase') !== 'Running') return undefined;
  const conditions = isObject(status) ? objectsIn(status['conditions']) : [];
  const isReady = conditions.some(({ type, status: said }) => type === 'Ready' && said === 'True');
  const missing = isReady ? '' : `the DNS Pod ${textIn(metadata, 'name') ?? ''} is not Ready`;
  return { address, backend: textIn(spec, 'nodeName'), missing };
}

function objectsIn(value: unknown): readonly ListedObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function textIn(value: unknown, key: string): string | undefined {
  const text = isObject(value) ? value[key] : undefined;
  return typeof text === 'string' && text !== '' ? text : undefined;
}
