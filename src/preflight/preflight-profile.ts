/** Distributions whose installer's doings are known well enough to judge a node before them. */
export const PREFLIGHT_PROFILES = [
  'kubekey-ipvs',
  'harvester',
  'rke2-canal',
  'rke2-calico',
  'k3s-flannel',
  'kubeadm',
] as const;
export type PreflightProfile = (typeof PREFLIGHT_PROFILES)[number];
