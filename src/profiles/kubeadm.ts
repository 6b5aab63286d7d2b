import { CONNTRACK, FORWARDING, OVERLAY } from './k3s-start.ts';
import { KUBELET_START } from './kubelet-start.ts';
import type { Profile, Want } from './profile.ts';

const CHECKED: Want['reason'] = {
  en: 'Packets between Pods and the rest of the network are routed by the node; kubeadm checks for 1 and sets it nowhere, so only a file of the administrator’s keeps it over a reboot',
  'zh-CN':
    'Pod 与外部之间的报文由节点转发；kubeadm 只检查是否为 1，并不设置，因此只有管理员自己的文件才能让它在重启后保持',
};

/**
 * A node kubeadm joined, by hand or by a tool hayward does not know, with any Pod network. Its checks before an
 * installation ask for ip_forward 1 (cmd/kubeadm/app/preflight, FileContent); for bridge-nf-call-iptables no longer,
 * since 1.30 (kubernetes#123464): whether a bridge needs it is judged by the bridges. kube-proxy's mode is the
 * cluster's, in its ConfigMap.
 */
export const kubeadm: Profile = {
  name: 'kubeadm',
  title: { en: 'kubeadm', 'zh-CN': 'kubeadm' },
  kubernetes: true,
  wants: FORWARDING.map((want) => (want.key === 'net/ipv4/ip_forward' ? { ...want, reason: CHECKED } : want)),
  modules: [OVERLAY, CONNTRACK],
  bridgeNetfilter: 'by-topology',
  persistence: 'etc',
  resetters: KUBELET_START,
  proxyMode: 'any',
};
