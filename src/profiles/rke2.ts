import { FORWARDING, K3S_MODULES, writesAtStart } from './k3s-start.ts';
import type { Profile } from './profile.ts';

/**
 * RKE2 whatever its Pod network is: what the rke2 process itself loads, writes and relies on. For a node with Cilium,
 * with a network of one's own, or of which it cannot be told.
 */
export const rke2: Profile = {
  name: 'rke2',
  title: { en: 'RKE2, with another Pod network or an unknown one', 'zh-CN': 'RKE2（其他或未知的 Pod 网络）' },
  kubernetes: true,
  wants: FORWARDING,
  modules: K3S_MODULES,
  bridgeNetfilter: 'by-topology',
  persistence: 'etc',
  resetters: ['rke2-server.service', 'rke2-agent.service'].flatMap(writesAtStart),
  proxyMode: 'any',
};
