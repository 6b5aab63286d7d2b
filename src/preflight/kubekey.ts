import type { TOOLS_OF_INTEREST } from '../snapshot/tools.ts';

type Tool = (typeof TOOLS_OF_INTEREST)[number];

/**
 * What KubeKey's own check before an installation looks at, in its order and under its headings (branch 3.x,
 * cmd/kk/pkg/bootstrap/confirm/tasks.go; 4.x has no such table any more). It tells each by `command -v`.
 */
export const KUBEKEY_COLUMNS: readonly { readonly heading: string; readonly tool: Tool }[] = [
  { heading: 'sudo', tool: 'sudo' },
  { heading: 'curl', tool: 'curl' },
  { heading: 'openssl', tool: 'openssl' },
  { heading: 'ebtables', tool: 'ebtables' },
  { heading: 'socat', tool: 'socat' },
  { heading: 'ipset', tool: 'ipset' },
  { heading: 'ipvsadm', tool: 'ipvsadm' },
  { heading: 'conntrack', tool: 'conntrack' },
  { heading: 'chrony', tool: 'chronyd' },
  { heading: 'docker', tool: 'docker' },
  { heading: 'containerd', tool: 'containerd' },
  { heading: 'nfs client', tool: 'mount.nfs' },
  { heading: 'ceph client', tool: 'mount.ceph' },
  { heading: 'glusterfs client', tool: 'mount.glusterfs' },
];

/** Without these KubeKey refuses to go on. */
export const KUBEKEY_HARD: readonly Tool[] = ['sudo', 'conntrack', 'socat'];

/** Without these it goes on all the same, and IPVS cannot be looked into, or is not used, where it fails. */
export const KUBEKEY_SOFT: readonly Tool[] = ['ipset', 'ipvsadm'];

/**
 * What it appends to /etc/sysctl.conf that matters to the network here, before it runs `sysctl -p` (which reads that
 * one file): 3.x cmd/kk/pkg/bootstrap/os/templates/init_script.go, 4.x builtin/core/roles/native/init/templates.
 */
export const KUBEKEY_SYSCTL = `
net.ipv4.ip_forward = 1
net.bridge.bridge-nf-call-arptables = 1
net.bridge.bridge-nf-call-ip6tables = 1
net.bridge.bridge-nf-call-iptables = 1
`;

/** The file it lists the IPVS modules in; 3.x overwrites it with nf_conntrack alone (kubekey#2809). */
export const KUBEKEY_IPVS_FILE = '/etc/modules-load.d/kube_proxy-ipvs.conf';
