import { FORWARDING, K3S_MODULES, writesAtStart } from './k3s-start.ts';
import type { Profile } from './profile.ts';

/**
 * RKE2 with its default network, Canal: Calico's policy over flannel's VXLAN, Pods behind routed veths (cali…) and no
 * bridge, so that bridged frames only need filtering where somebody else put a bridge.
 */
export const rke2Canal: Profile = {
  name: 'rke2-canal',
  title: { en: 'RKE2 with Canal', 'zh-CN': 'RKE2（Canal 网络）' },
  kubernetes: true,
  wants: FORWARDING,
  modules: K3S_MODULES,
  bridgeNetfilter: 'by-topology',
  persistence: 'etc',
  resetters: ['rke2-server.service', 'rke2-agent.service'].flatMap(writesAtStart),
  proxyMode: 'any',
};
