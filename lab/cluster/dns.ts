import type { LabApiServer } from '../kube/api-server.ts';
import { DNS_ADDRESS } from './addresses.ts';
import { COREDNS_IMAGE } from './images.ts';

const NAME = 'coredns';
const SYSTEM = 'kube-system';

/** As kubeadm's, less what forwards elsewhere: nothing outside can be asked (cmd/kubeadm/app/phases/addons/dns). */
const COREFILE = `.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa {
        pods insecure
        ttl 5
    }
    cache 5
}
`;

/** Deploys CoreDNS as the Service `kube-dns`. Throws what the API server says where it refuses. */
export async function deployDns({ admin }: LabApiServer): Promise<void> {
  for (const [path, body] of OBJECTS) {
    const { status, text } = await admin.ask(path, { method: 'POST', body });
    if (status !== 201) throw new Error(`POST ${path}: HTTP ${status}: ${text}`);
  }
}

const labels = { 'k8s-app': 'kube-dns' };
const metadata = { name: NAME, namespace: SYSTEM };
const rbac = '/apis/rbac.authorization.k8s.io/v1';
const read = ['list', 'watch'];

const OBJECTS: readonly (readonly [path: string, body: object])[] = [
  [`/api/v1/namespaces/${SYSTEM}/serviceaccounts`, { metadata }],
  [`/api/v1/namespaces/${SYSTEM}/configmaps`, { metadata, data: { Corefile: COREFILE } }],
  [
    `${rbac}/clusterroles`,
    {
      metadata: { name: 'system:coredns' },
      rules: [
        { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: read },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: read },
      ],
    },
  ],
  [
    `${rbac}/clusterrolebindings`,
    {
      metadata: { name: 'system:coredns' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:coredns' },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    },
  ],
  [
    `/api/v1/namespaces/${SYSTEM}/services`,
    {
      metadata: { name: 'kube-dns', labels },
      spec: {
        clusterIP: DNS_ADDRESS,
        selector: labels,
        ports: [
          { name: 'dns', port: 53, protocol: 'UDP' },
          { name: 'dns-tcp', port: 53, protocol: 'TCP' },
        ],
      },
    },
  ],
  [
    `/apis/apps/v1/namespaces/${SYSTEM}/deployments`,
    {
      metadata: { name: NAME, labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: NAME,
            dnsPolicy: 'Default',
            containers: [
              {
                name: NAME,
                image: COREDNS_IMAGE,
                imagePullPolicy: 'Never',
                args: ['-conf', '/etc/coredns/Corefile'],
                readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 1 },
                volumeMounts: [{ name: 'config', mountPath: '/etc/coredns', readOnly: true }],
              },
            ],
            volumes: [{ name: 'config', configMap: { name: NAME } }],
          },
        },
      },
    },
  ],
];
