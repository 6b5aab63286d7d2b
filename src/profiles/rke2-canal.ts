import type { Profile } from './profile.ts';
import { rke2 } from './rke2.ts';

/**
 * RKE2 with its default network, Canal: Calico's policy over flannel's VXLAN, Pods behind routed veths (cali…) and no
 * bridge, so that bridged frames only need filtering where somebody else put a bridge.
 */
export const rke2Canal: Profile = {
  ...rke2,
  name: 'rke2-canal',
  title: { en: 'RKE2 with Canal', 'zh-CN': 'RKE2（Canal 网络）' },
};
