import { FORWARDING, K3S_MODULES, writesAtStart } from './k3s-start.ts';
import type { Profile } from './profile.ts';

/**
 * Harvester: RKE2 and Canal on an image-based SLE Micro, and virtual machines on VLAN-filtering bridges. RKE2 wants
 * bridged frames filtered at its first launch after boot (harvester-installer#884), the VMs want them left alone from
 * then on; 1.4.1 and later write 0 by a drop-in once RKE2 is ready. bridge-nf-call-ip6tables and -arptables stay 1, as
 * Harvester leaves them. /etc/sysctl.d does not outlive a reboot there (harvester-installer cos-rootfs.yaml).
 */
export const harvester: Profile = {
  name: 'harvester',
  title: { en: 'Harvester', 'zh-CN': 'Harvester' },
  kubernetes: true,
  wants: FORWARDING,
  modules: K3S_MODULES,
  bridgeNetfilter: 'off-after-launch',
  persistence: 'oem',
  resetters: ['rke2-server.service', 'rke2-agent.service'].flatMap(writesAtStart),
  proxyMode: 'any',
};
