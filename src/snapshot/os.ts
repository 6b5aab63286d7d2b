import type { Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';

export interface OsRelease {
  readonly id: string;
  readonly idLike: readonly string[];
  readonly versionId: string;
  readonly prettyName: string;
  /** VARIANT_ID, e.g. of image-based systems. */
  readonly variantId: string;
}

export interface Os {
  readonly release: Reading<OsRelease>;
  readonly kernel: Reading<string>;
  readonly bootId: Reading<string>;
  /** Seconds since boot. */
  readonly uptime: Reading<number>;
  /** Boot time, RFC 3339, by the node's own clock (btime of /proc/stat). */
  readonly bootTime: Reading<string>;
  readonly commandLine: Reading<string>;
  readonly hostname: Reading<string>;
  /** What the node runs in, where it can be told: none (bare metal), kvm, lxc, docker … (`systemd-detect-virt`). */
  readonly virtualization: Reading<string>;
  /** The observer is root there. */
  readonly root: Reading<boolean>;
}

export const os = subject<Os>({
  asks: [],
  parse: () => {
    throw new Error('unwritten');
  },
});
