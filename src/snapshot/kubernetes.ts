import type { Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';

export type Distribution = 'rke2' | 'k3s' | 'kubeadm' | 'kubekey';

/** What the node's files and devices say of Kubernetes on it; every answer names its evidence. */
export interface Kubernetes {
  /** Distributions with a trace on this node, surest first. Empty: no Kubernetes found. */
  readonly distributions: readonly { readonly name: Distribution; readonly evidence: string }[];
  /** Could everything that would tell be read? */
  readonly complete: boolean;
  readonly proxyMode: Reading<'iptables' | 'ipvs' | 'nftables' | 'none'>;
  /** Cluster (Pod) and Service CIDRs where the node's own files tell. */
  readonly podCidrs: Reading<readonly string[]>;
  readonly serviceCidrs: Reading<readonly string[]>;
  /** kube-proxy's ipvs strictARP, where known. */
  readonly strictArp: Reading<boolean>;
}

export const kubernetes = subject<Kubernetes>({
  asks: [],
  parse: () => {
    throw new Error('unwritten');
  },
});
