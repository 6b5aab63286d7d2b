import { known, mapReading, type Reading } from '../../hosts/reading.ts';
import type { KubeClient } from '../client/client.ts';
import { list } from '../client/list.ts';
import { type Endpoints, PARTS, type Service, WELL_KNOWN_SERVICES } from '../model/parts.ts';
import { nameOf, objectOf, type Piece, pieceOf } from './objects.ts';

const NAMESPACES = new Set<string>([...PARTS.map(({ namespace }) => namespace), 'kube-system']);
const KUBE_VIP = 'kube-vip.io/';

/** The Services of the namespaces that matter, and those that kube-vip serves. */
export async function collectServices(client: KubeClient): Promise<Reading<readonly Service[]>> {
  const services = await list(client, '/api/v1/services', (object) => serviceOf(pieceOf(object)));
  return mapReading(services, (all) =>
    all.filter(({ namespace, annotations }) => NAMESPACES.has(namespace) || Object.keys(annotations).length > 0),
  );
}

function serviceOf(service: Piece): Service {
  const annotations = Object.entries(service.map('metadata', 'annotations'));
  return {
    ...nameOf(service),
    annotations: Object.fromEntries(annotations.filter(([key]) => key.startsWith(KUBE_VIP))),
    type: service.text('spec', 'type'),
    ingress: service
      .list('status', 'loadBalancer', 'ingress')
      .map((one) => one.text('ip'))
      .filter((ip) => ip !== ''),
  };
}

/** Where a Service's Pods answer: what stands behind each of its ports. */
export interface Backends {
  readonly ready: readonly string[];
  readonly notReady: readonly string[];
  /** By the Service's name for a port, empty where it has but one. */
  readonly ports: Readonly<Record<string, number>>;
}

/** Endpoints by name, which a node's own credentials may get though not list (plugin/pkg/auth/authorizer/rbac/bootstrappolicy). */
export async function backendsOf(client: KubeClient, namespace: string, name: string): Promise<Reading<Backends>> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/endpoints/${encodeURIComponent(name)}`;
  return mapReading(objectOf(await client.json(path), 'Endpoints'), (object) => {
    const subsets = object.list('subsets');
    const addresses = (key: string): string[] =>
      subsets.flatMap((subset) => subset.list(key).map((address) => address.text('ip')));
    const ports = subsets.flatMap((subset) => subset.list('ports'));
    return {
      ready: addresses('addresses'),
      notReady: addresses('notReadyAddresses'),
      ports: Object.fromEntries(ports.map((port) => [port.text('name'), port.number(['port'])])),
    };
  });
}

/** Where a Service is there and its Endpoints are not, nothing stands behind it: the API server says "no endpoints available". */
export function backendsBehind(service: Reading<unknown>, backends: Reading<Backends>): Reading<Backends> {
  const isEmpty = service.known && !backends.known && backends.reason === 'absent';
  return isEmpty ? known({ ready: [], notReady: [], ports: {} }, backends.source) : backends;
}

/** Of the well-known Services that exist; of all of them where it is not known which do. */
export async function collectEndpoints(
  client: KubeClient,
  services: Reading<readonly Service[]>,
): Promise<readonly Endpoints[]> {
  const wanted = WELL_KNOWN_SERVICES.filter(
    ({ namespace, name }) =>
      !services.known || services.value.some((one) => one.namespace === namespace && one.name === name),
  );
  return Promise.all(
    wanted.map(async ({ namespace, name }) => {
      // Where Services are listed, only those that exist are asked about.
      const backends = backendsBehind(services, await backendsOf(client, namespace, name));
      const addresses = backends.known
        ? known({ ready: backends.value.ready, notReady: backends.value.notReady }, backends.source)
        : backends;
      return { namespace, name, addresses };
    }),
  );
}
