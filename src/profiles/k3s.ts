import { CONNTRACK, FORWARDING, OVERLAY, writesAtStart } from './k3s-start.ts';
import type { Profile } from './profile.ts';

/**
 * k3s whatever its Pod network is (`--flannel-backend=none`, or an agent that does not tell): what the k3s process
 * itself loads, writes and relies on. kube-proxy, the network policy controller and an iptables of its own, used where
 * the host has none, are part of that process.
 */
export const k3s: Profile = {
  name: 'k3s',
  title: { en: 'k3s, with another Pod network or an unknown one', 'zh-CN': 'k3s（其他或未知的 Pod 网络）' },
  kubernetes: true,
  wants: FORWARDING,
  modules: [
    {
      name: 'br_netfilter',
      reason: {
        en: 'k3s loads it at every start: without it net.bridge.bridge-nf-call-iptables does not exist, and a bridge CNI loses hair-pinned Services',
        'zh-CN':
          'k3s 每次启动都会加载它：缺少时 net.bridge.bridge-nf-call-iptables 不存在，网桥型 CNI 的同网桥 Service 访问会失败',
      },
    },
    OVERLAY,
    CONNTRACK,
  ],
  bridgeNetfilter: 'by-topology',
  persistence: 'etc',
  resetters: ['k3s.service', 'k3s-agent.service'].flatMap(writesAtStart),
  proxyMode: 'any',
};
