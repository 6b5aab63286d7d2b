import type { Ask } from '../hosts/ask.ts';
import type { Reading } from '../hosts/reading.ts';
import { LINKS_ASK } from './links.ts';
import { subject } from './subject.ts';

export type Distribution = 'rke2' | 'k3s' | 'kubeadm' | 'kubekey';

/** What the node's files and devices say of Kubernetes on it; every answer names its evidence. */
export interface Kubernetes {
  /** Distributions with a trace on this node, surest first. Empty: no Kubernetes found. */
  readonly distributions: readonly { readonly name: Distribution; readonly evidence: string }[];
  /** Could everything that would tell be read? */
  readonly complete: boolean;
  readonly proxyMode: Reading<'iptables' | 'ipvs' | 'nftables' | 'none'>;
  /** Cluster (Pod) and Service CIDRs where the node's own files tell. */
  readonly podCidrs: Reading<readonly string[]>;
  readonly serviceCidrs: Reading<readonly string[]>;
  /** kube-proxy's ipvs strictARP, where known. */
  readonly strictArp: Reading<boolean>;
}

const MANIFEST_DIRECTORIES = ['/etc/kubernetes/manifests', '/var/lib/rancher/rke2/agent/pod-manifests'] as const;
const MANIFESTS = ['kube-proxy.yaml', 'kube-apiserver.yaml', 'kube-controller-manager.yaml'] as const;
const CONFIG_DIRECTORIES = ['/etc/rancher/rke2', '/etc/rancher/k3s'] as const;
/** kube-proxy's ConfigMap as the kubelet mounted it: on a kubeadm or KubeKey node the one place that tells the mode. */
const PROXY_CONFIG = '/var/lib/kubelet/pods/*/volumes/kubernetes.io~configmap/kube-proxy/config.conf';
/** A device kube-proxy makes in ipvs mode, seen where no command can be run. */
const IPVS_DEVICE = '/proc/sys/net/ipv4/conf/kube-ipvs0/forwarding';

const KUBERNETES_ASKS: readonly Ask[] = [
  LINKS_ASK,
  { kind: 'values', glob: IPVS_DEVICE },
  ...CONFIG_DIRECTORIES.flatMap((directory): Ask[] => [
    { kind: 'file', path: `${directory}/config.yaml` },
    { kind: 'files', glob: `${directory}/config.yaml.d/*.yaml` },
    { kind: 'list', path: directory },
  ]),
  ...MANIFEST_DIRECTORIES.flatMap((directory): Ask[] => [
    ...MANIFESTS.map((name): Ask => ({ kind: 'file', path: `${directory}/${name}` })),
    { kind: 'list', path: directory },
  ]),
  { kind: 'files', glob: PROXY_CONFIG },
  { kind: 'file', path: '/var/lib/kubelet/config.yaml' },
  { kind: 'file', path: '/etc/systemd/system/k3s.service' },
  { kind: 'file', path: '/etc/systemd/system/k3s-agent.service' },
  { kind: 'list', path: '/etc/kubernetes' },
  { kind: 'list', path: '/etc/kubekey' },
  { kind: 'list', path: '/usr/local/bin/kube-scripts' },
  { kind: 'list', path: '/etc/modules-load.d' },
  { kind: 'list', path: '/var/lib/rancher/rke2' },
  { kind: 'list', path: '/var/lib/rancher/k3s' },
];

export const kubernetes = subject<Kubernetes>({
  asks: KUBERNETES_ASKS,
  parse: () => {
    throw new Error('unwritten');
  },
});
