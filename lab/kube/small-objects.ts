/** An API object as it is sent. */
export interface KubeObject {
  readonly metadata: {
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into objects of every kind
  [field: string]: any;
}

const LONG_AGO = '2026-01-01T00:00:00Z';

const isTrue = (type: string, reason = type): object => ({
  type,
  status: 'True',
  reason,
  lastTransitionTime: LONG_AGO,
});
const isFalse = (type: string): object => ({ ...isTrue(type), status: 'False' });

/** A node that is Ready; every one a server, as on a small Harvester. */
export function node(name: string, number: number): KubeObject {
  const roles = ['control-plane', 'etcd'].map((role) => [`node-role.kubernetes.io/${role}`, 'true']);
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...Object.fromEntries(roles) } },
    spec: { podCIDR: `10.52.${number}.0/24` },
    status: {
      addresses: [
        { type: 'InternalIP', address: `192.168.77.${number}` },
        { type: 'Hostname', address: name },
      ],
      conditions: [
        isFalse('MemoryPressure'),
        isFalse('DiskPressure'),
        isFalse('PIDPressure'),
        isFalse('NetworkUnavailable'),
        isTrue('Ready', 'KubeletReady'),
      ],
      nodeInfo: {
        machineID: name,
        systemUUID: name,
        bootID: `boot-${name}`,
        kernelVersion: '6.4.0',
        osImage: 'Harvester v1.6.0',
        containerRuntimeVersion: 'containerd://2.0.5-k3s1',
        kubeletVersion: 'v1.33.4+rke2r1',
        kubeProxyVersion: '',
        operatingSystem: 'linux',
        architecture: 'amd64',
      },
    },
  };
}

/** What selects the Pods of a rollout. */
function labelsOf(name: string): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': name };
}

const podSpec = (name: string): object => ({ containers: [{ name, image: `registry.example/${name}:1` }] });

/** A rollout that is complete. */
export function rollout(kind: 'Deployment' | 'DaemonSet', name: string, count: number): KubeObject {
  const labels = labelsOf(name);
  const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec(name) } };
  return kind === 'Deployment'
    ? {
        metadata: { name, labels },
        spec: { ...spec, replicas: count },
        status: {
          observedGeneration: 0,
          replicas: count,
          updatedReplicas: count,
          readyReplicas: count,
          availableReplicas: count,
        },
      }
    : {
        metadata: { name, labels },
        spec,
        status: {
          observedGeneration: 0,
          currentNumberScheduled: count,
          numberMisscheduled: 0,
          desiredNumberScheduled: count,
          updatedNumberScheduled: count,
          numberReady: count,
          numberAvailable: count,
        },
      };
}

/** A Pod of a rollout, running and Ready. */
export function pod(name: string, index: number, nodeName: string): KubeObject {
  return {
    metadata: { name: `${name}-${index}`, labels: labelsOf(name) },
    spec: { ...podSpec(name), nodeName },
    status: {
      phase: 'Running',
      podIP: `10.52.${(index % 240) + 11}.2`,
      conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => isTrue(type)),
      containerStatuses: [
        {
          name,
          image: `registry.example/${name}:1`,
          imageID: '',
          ready: true,
          restartCount: 0,
          state: { running: { startedAt: LONG_AGO } },
        },
      ],
    },
  };
}

/** A Service and what stands behind it. */
export function service(name: string, count: number): { readonly object: KubeObject; readonly endpoints: KubeObject } {
  const addresses = Array.from({ length: count }, (_, index) => ({ ip: `10.52.${index + 11}.2` }));
  return {
    object: {
      metadata: { name },
      spec: { selector: labelsOf(name), ports: [{ name: 'https', port: 443, targetPort: 8443 }] },
    },
    endpoints: { metadata: { name }, subsets: [{ addresses, ports: [{ name: 'https', port: 8443 }] }] },
  };
}

/** The management address, as Harvester configures it and kube-vip serves it. */
export function vip(address: string, holder: string): { readonly expose: KubeObject; readonly config: KubeObject } {
  return {
    expose: {
      metadata: {
        name: 'ingress-expose',
        annotations: {
          'kube-vip.io/loadbalancerIPs': address,
          'kube-vip.io/ignore-service-security': 'true',
          'kube-vip.io/vipHost': holder,
        },
      },
      spec: {
        type: 'LoadBalancer',
        selector: labelsOf('rke2-ingress-nginx'),
        ports: [
          { name: 'https-internal', port: 443 },
          { name: 'http', port: 80 },
        ],
      },
      status: { loadBalancer: { ingress: [{ ip: address, ipMode: 'VIP' }] } },
    },
    config: {
      metadata: { name: 'vip' },
      data: {
        enabled: 'true',
        serviceType: 'LoadBalancer',
        ip: address,
        mode: 'static',
        hwAddress: '',
        loadBalancerIP: '',
      },
    },
  };
}

/** Of Rancher's and Harvester's resources those that are looked at. */
export function crds(): readonly KubeObject[] {
  return [
    crd({
      group: 'management.cattle.io',
      version: 'v3',
      plural: 'managedcharts',
      kind: 'ManagedChart',
      scope: 'Namespaced',
    }),
    crd({ group: 'harvesterhci.io', version: 'v1beta1', plural: 'settings', kind: 'Setting', scope: 'Cluster' }),
  ];
}

interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly scope: 'Namespaced' | 'Cluster';
}

function crd({ group, version, plural, kind, scope }: Resource): KubeObject {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope,
      names: { plural, kind, singular: kind.toLowerCase() },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
}

export function managedChart(name: string): KubeObject {
  return {
    apiVersion: 'management.cattle.io/v3',
    kind: 'ManagedChart',
    metadata: { name },
    spec: { version: '1.6.0' },
    status: { conditions: [isTrue('Ready')] },
  };
}

export function serverVersion(value: string): KubeObject {
  return { apiVersion: 'harvesterhci.io/v1beta1', kind: 'Setting', metadata: { name: 'server-version' }, value };
}
