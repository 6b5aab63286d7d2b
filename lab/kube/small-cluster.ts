import type { LabApiServer } from './api-server.ts';
import {
  crds,
  type KubeObject,
  managedChart,
  node,
  pod,
  rollout,
  serverVersion,
  service,
  vip,
} from './small-objects.ts';

/** Objects as an administrator writes them. There is no controller: each says what a controller would have written. */
export interface ClusterObjects {
  /** Creates an object, or replaces what is there but its metadata; its status too. */
  put(path: string, object: KubeObject): Promise<void>;
  /** Changes an object as it stands; its status too. */
  change(path: string, edit: (object: KubeObject) => void): Promise<void>;
  remove(path: string): Promise<void>;
}

/** A cluster that is well, as objects alone: Harvester with its Rancher on three nodes. */
export interface SmallCluster extends ClusterObjects {
  readonly nodes: readonly string[];
  /** The management address its Service has. */
  readonly address: string;
  /** What kubelets and kube-vip do every few seconds: renews the Leases, of all nodes or some. */
  renew(nodes?: readonly string[]): Promise<void>;
}

const NODES = ['node-1', 'node-2', 'node-3'];
const NODE_LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const VIP_LEASES = '/apis/coordination.k8s.io/v1/namespaces/harvester-system/leases';

const ROLLOUTS = [
  ['harvester-system', 'harvester', 'Deployment'],
  ['harvester-system', 'harvester-webhook', 'Deployment'],
  ['harvester-system', 'kube-vip', 'DaemonSet'],
  ['harvester-system', 'harvester-network-controller', 'DaemonSet'],
  ['cattle-system', 'rancher', 'Deployment'],
  ['cattle-system', 'rancher-webhook', 'Deployment'],
  ['kube-system', 'rke2-canal', 'DaemonSet'],
] as const;

/** Services with Pods behind them. */
const SERVED = new Set(['harvester', 'harvester-webhook', 'rancher', 'rancher-webhook']);

/** Makes the objects of a cluster that is well. */
export async function smallCluster(server: LabApiServer, address: string): Promise<SmallCluster> {
  const cluster = clusterOn(server, address);
  for (const name of ['harvester-system', 'cattle-system', 'fleet-local']) {
    await cluster.put(`/api/v1/namespaces/${name}`, { metadata: { name } });
  }
  for (const crd of crds()) {
    await cluster.put(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${crd.metadata.name}`, crd);
  }
  for (const [index, name] of NODES.entries()) {
    await cluster.put(`/api/v1/nodes/${name}`, node(name, index + 11));
    // A new node is tainted until a controller sees that it is Ready (NodeRestriction's TaintNodesByCondition).
    await cluster.change(`/api/v1/nodes/${name}`, ({ spec }) => delete spec.taints);
  }
  for (const [namespace, name, kind] of ROLLOUTS) {
    const plural = kind === 'Deployment' ? 'deployments' : 'daemonsets';
    await cluster.put(`/apis/apps/v1/namespaces/${namespace}/${plural}/${name}`, rollout(kind, name, NODES.length));
    for (const [index, on] of NODES.entries()) {
      await cluster.put(`/api/v1/namespaces/${namespace}/pods/${name}-${index}`, pod(name, index, on));
    }
    if (!SERVED.has(name)) continue;
    const { object, endpoints } = service(name, NODES.length);
    await cluster.put(`/api/v1/namespaces/${namespace}/services/${name}`, object);
    await cluster.put(`/api/v1/namespaces/${namespace}/endpoints/${name}`, endpoints);
  }
  const { expose, config } = vip(address, 'node-1');
  await cluster.put('/api/v1/namespaces/kube-system/services/ingress-expose', expose);
  await cluster.put('/api/v1/namespaces/harvester-system/configmaps/vip', config);
  const charts = '/apis/management.cattle.io/v3/namespaces/fleet-local/managedcharts';
  const settings = '/apis/harvesterhci.io/v1beta1/settings';
  // A new resource is served some moments after its definition is stored.
  await served(server, charts);
  await served(server, settings);
  await cluster.put(`${charts}/harvester`, managedChart('harvester'));
  await cluster.put(`${settings}/server-version`, serverVersion('v1.6.0'));
  await cluster.renew();
  return cluster;
}

/** The objects of a server, whatever is there. */
export function clusterObjects({ admin }: LabApiServer): ClusterObjects {
  const must = async (path: string, options?: Parameters<typeof admin.ask>[1]): Promise<KubeObject> => {
    const { status, text } = await admin.ask(path, options);
    if (status >= 300) throw new Error(`${options?.method ?? 'GET'} ${path}: HTTP ${status}: ${text}`);
    return JSON.parse(text) as KubeObject;
  };
  /** The status is a part of its own, which a write of the object leaves as it was. */
  async function writeStatus(path: string, kept: KubeObject, wanted: unknown): Promise<void> {
    if (wanted === undefined) return;
    const body = { ...kept, status: withGeneration(wanted, kept) };
    const { status } = await admin.ask(`${path}/status`, { method: 'PUT', body });
    // A custom resource without a status of its own keeps it with the rest.
    if (status !== 404 && status >= 300) throw new Error(`PUT ${path}/status: HTTP ${status}`);
  }
  const objects: ClusterObjects = {
    async put(path, object) {
      const before = await admin.ask(path);
      const parent = path.slice(0, path.lastIndexOf('/'));
      if (before.status === 404) {
        await writeStatus(path, await must(parent, { method: 'POST', body: object }), object.status);
      } else await objects.change(path, (kept) => Object.assign(kept, { ...object, metadata: kept.metadata }));
    },
    async change(path, edit) {
      const object = await must(path);
      edit(object);
      await writeStatus(path, await must(path, { method: 'PUT', body: object }), object.status);
    },
    remove: (path) => must(path, { method: 'DELETE', body: { gracePeriodSeconds: 0 } }).then(() => undefined),
  };
  return objects;
}

function clusterOn(server: LabApiServer, address: string): SmallCluster {
  const objects = clusterObjects(server);
  return {
    ...objects,
    nodes: NODES,
    address,
    async renew(nodes = NODES) {
      for (const name of nodes) await hold(NODE_LEASES, name, { holderIdentity: name, leaseDurationSeconds: 40 });
      await hold(VIP_LEASES, 'plndr-svcs-lock', { holderIdentity: 'node-1', leaseDurationSeconds: 5 });
    },
  };
  /** Two may renew at once, a test and what renews beside it: a PUT of what was read before would be refused then (HTTP 409). */
  async function hold(path: string, name: string, spec: object): Promise<void> {
    const renewTime = new Date().toISOString().replace('Z', '000Z');
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name } };
    const body = { ...lease, spec: { ...spec, renewTime } };
    const query = 'fieldManager=lab&force=true';
    const { status, text } = await server.admin.ask(`${path}/${name}?${query}`, { method: 'PATCH', body });
    if (status >= 300) throw new Error(`PATCH ${path}/${name}: HTTP ${status}: ${text}`);
  }
}

/** Controllers write for which generation of the spec their word holds. */
function withGeneration(status: unknown, { metadata }: KubeObject): unknown {
  const { generation } = metadata;
  return typeof status === 'object' && status && 'observedGeneration' in status
    ? { ...status, observedGeneration: generation }
    : status;
}

async function served({ admin }: LabApiServer, path: string): Promise<void> {
  for (;;) {
    const { status, text } = await admin.ask(path);
    if (status === 200) return;
    // 429: "storage is (re)initializing".
    if (status !== 404 && status !== 429) throw new Error(`${path}: HTTP ${status}: ${text}`);
  }
}
