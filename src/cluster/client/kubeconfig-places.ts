/** Whose kubeconfig it is: one the user names, or the one a distribution keeps. A Pod's service account has files instead. */
export type KubeconfigOwner =
  | 'option'
  | 'environment'
  | 'rke2'
  | 'k3s'
  | 'kubeadm'
  | 'kubelet'
  | 'home'
  | 'service-account';

/**
 * Where kubeconfigs lie on a node. The administrator's first: it may see more. rke2.yaml, k3s.yaml and admin.conf are on servers
 * alone, the kubelet's on every node (k3s pkg/cli/kubectl, rancher/rke2 docs cluster_access, kubeadm's kubeadmconstants).
 */
export const KUBECONFIG_PLACES: readonly (readonly [KubeconfigOwner, string])[] = [
  ['rke2', '/etc/rancher/rke2/rke2.yaml'],
  ['k3s', '/etc/rancher/k3s/k3s.yaml'],
  ['kubeadm', '/etc/kubernetes/admin.conf'],
  ['kubelet', '/var/lib/rancher/rke2/agent/kubelet.kubeconfig'],
  ['kubelet', '/var/lib/rancher/k3s/agent/kubelet.kubeconfig'],
  ['kubelet', '/etc/kubernetes/kubelet.conf'],
];

/** The user's own, below the home directory. */
export const HOME_KUBECONFIG = '.kube/config';
