import type { Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';

/** Programs an installer or kube-proxy calls on the host. */
export const TOOLS_OF_INTEREST = [
  'sudo',
  'curl',
  'openssl',
  'ebtables',
  'socat',
  'ipset',
  'ipvsadm',
  'conntrack',
  'chronyd',
  'docker',
  'containerd',
  'mount.nfs',
  'mount.ceph',
  'mount.glusterfs',
  'iptables',
  'nft',
  'ip',
  'modprobe',
  'tar',
  'mount',
  'nsenter',
  'ethtool',
  'tc',
] as const;

export interface Tools {
  /** Absolute path, or null when it is not installed. */
  path(name: (typeof TOOLS_OF_INTEREST)[number]): Reading<string | null>;
}

export const tools = subject<Tools>({
  asks: [{ kind: 'which', names: TOOLS_OF_INTEREST }],
  parse: (view) => ({ path: (name) => view.which(name) }),
});
