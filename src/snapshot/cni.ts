import type { Ask } from '../hosts/ask.ts';
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

/** containerd reads conf_dir; k3s keeps its own below its data directory, RKE2 uses the common one. */
const CNI_DIRECTORIES = ['/etc/cni/net.d', '/var/lib/rancher/k3s/agent/etc/cni/net.d'] as const;
/** What libcni takes for a configuration (go-cni loads these three extensions, in name order). */
const CNI_GLOBS = CNI_DIRECTORIES.flatMap((directory) =>
  ['conf', 'conflist', 'json'].map((extension) => `${directory}/*.${extension}`),
);

export const cni = subject<Reading<readonly Reading<CniConfig>[]>>({
  asks: CNI_GLOBS.map((glob): Ask => ({ kind: 'files', glob })),
  parse: () => {
    throw new Error('unwritten');
  },
});
