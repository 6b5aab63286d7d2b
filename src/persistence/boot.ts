import type { Reading } from '../hosts/reading.ts';

/** The place in a file that decides something. */
export interface Place {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly text: string;
}

/**
 * What one setting will be after the next boot, and who decides it. `assignments` lists every place that speaks of
 * the key in the order they take effect, the last effective one being `decidedBy`.
 */
export interface BootValue {
  readonly key: string;
  /** undefined: nothing configured decides it; the kernel's default (or a service) stands. */
  readonly value: string | undefined;
  readonly decidedBy: Place | undefined;
  /** A configured value that will not take effect because the module behind the key loads later than systemd-sysctl runs. */
  readonly lost?: { readonly place: Place; readonly module: string };
  readonly assignments: readonly (Place & { readonly value: string })[];
}

/** The next boot, computed as systemd does it; pure over a snapshot. */
export interface NextBoot {
  setting(key: string): Reading<BootValue>;
  /** Modules loaded before systemd-sysctl runs: modules-load.d, /etc/modules, built in. */
  loadedEarly(module: string): Reading<boolean>;
}
