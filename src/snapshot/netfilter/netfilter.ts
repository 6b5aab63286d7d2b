import type { Reading } from '../../hosts/reading.ts';
import { subject } from '../subject.ts';
import type { Family, Ruleset } from './ruleset.ts';

export interface Netfilter {
  /** All tables of a family that the kernel consults, both backends together. Unknown when a backend that may hold rules could not be read. */
  rules(family: Family): Reading<Ruleset>;
  /** Rules of one backend alone. */
  backend(family: Family, backend: 'legacy' | 'nft'): Reading<Ruleset>;
  /** The backend that holds kube-proxy's and the CNI's chains (KUBE-*, cali-*), or `none`. */
  readonly kubernetesBackend: Reading<'legacy' | 'nft' | 'both' | 'none'>;
}

export const netfilter = subject<Netfilter>({
  asks: [],
  parse: () => {
    throw new Error('unwritten');
  },
});
