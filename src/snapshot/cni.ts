import type { Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';

/** One CNI configuration file, the first in name order being the one in force. */
export interface CniConfig {
  readonly file: string;
  readonly name: string;
  readonly cniVersion: string;
  /** Plugin types in order: calico, portmap, bandwidth; flannel; bridge … */
  readonly plugins: readonly string[];
  /** Bridges the plugins make or use: `bridge` plugins' own name (default cni0), flannel's delegate. */
  readonly bridges: readonly string[];
  /** IPAM subnets as written, `usePodCidr` included. */
  readonly subnets: readonly string[];
}

export const cni = subject<Reading<readonly Reading<CniConfig>[]>>({
  asks: [],
  parse: () => {
    throw new Error('unwritten');
  },
});
