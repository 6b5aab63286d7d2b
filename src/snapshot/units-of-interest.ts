/** Services that write settings at their start: Kubernetes' own on a node. */
export const NODE_UNITS = [
  'rke2-server.service',
  'rke2-agent.service',
  'k3s.service',
  'k3s-agent.service',
  'kubelet.service',
] as const;

/** Services that start the cluster's node. */
export const CLUSTER_UNITS = [
  ...NODE_UNITS,
  'kube-proxy.service',
  'containerd.service',
  'docker.service',
  'crio.service',
] as const;

/** Services that set the settings hayward judges, or set them back; that make interfaces, or rules. */
export const NETWORK_UNITS = [
  'systemd-sysctl.service',
  'systemd-modules-load.service',
  'systemd-networkd.service',
  'NetworkManager.service',
  'wicked.service',
  'wickedd.service',
  'networking.service',
  'firewalld.service',
  'ufw.service',
  'nftables.service',
  'netfilter-persistent.service',
  'tuned.service',
  'procps.service',
] as const;

/** Services that set the clock. */
export const CLOCK_UNITS = ['chrony.service', 'chronyd.service', 'systemd-timesyncd.service', 'ntpd.service'] as const;
