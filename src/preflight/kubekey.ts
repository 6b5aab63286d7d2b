import type { Tool, ToolNeed } from './required-tools.ts';

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
const KUBEKEY_SOFT: readonly Tool[] = ['ipset', 'ipvsadm'];

/** What it needs and does not bring, unless its package repository is used. */
export const KUBEKEY_TOOLS: readonly ToolNeed[] = [
  ...KUBEKEY_HARD.map(
    (tool): ToolNeed => ({
      tool,
      severity: 'critical',
      cause: {
        en: `KubeKey requires ${tool} on every node and installs it only from its own package repository (--with-packages).`,
        'zh-CN': `KubeKey 要求每个节点都有 ${tool}，且只会通过自带的软件源安装（--with-packages）。`,
      },
      impact: { en: 'The installation stops at its own check.', 'zh-CN': '安装会停在 KubeKey 自身的检查上。' },
    }),
  ),
  ...KUBEKEY_SOFT.map(
    (tool): ToolNeed => ({
      tool,
      severity: 'warning',
      cause: {
        en: `KubeKey's table leaves the ${tool} cell empty and the installation goes on all the same.`,
        'zh-CN': `KubeKey 的检查表只是把 ${tool} 一格留空，安装照常进行。`,
      },
      impact: {
        en: 'A kube-proxy run on the host cannot use IPVS without ipset, and without ipvsadm nobody sees InPkts rise while OutPkts stays 0.',
        'zh-CN':
          '缺少 ipset 时，直接运行在主机上的 kube-proxy 无法使用 IPVS；缺少 ipvsadm 时，看不到 InPkts 增长而 OutPkts 一直为 0。',
      },
    }),
  ),
];

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
