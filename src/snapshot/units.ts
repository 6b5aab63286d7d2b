import type { Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';
import type { TextFile } from './sysctl-files.ts';

export interface Unit {
  readonly name: string;
  /** systemd's words: loaded, not-found, masked; active, inactive, activating, failed. Empty where only files were seen. */
  readonly loadState: string;
  readonly activeState: string;
  readonly subState: string;
  /** enabled, disabled, static … */
  readonly unitFileState: string;
  /** RFC 3339; absent when it never was. `activeEnter` is when READY=1 arrived for Type=notify. */
  readonly execStart?: string;
  readonly activeEnter?: string;
  /** The unit file first, then its drop-ins in systemd's order. */
  readonly files: readonly TextFile[];
}

export interface Units {
  /** The init is systemd (false: another init, or a container without one). */
  readonly systemd: Reading<boolean>;
  /** Units of interest that exist: rke2-server, rke2-agent, k3s, k3s-agent, kubelet, containerd, kube-proxy, systemd-sysctl, systemd-modules-load, NetworkManager, wicked, firewalld, ufw, docker, chronyd … */
  readonly units: Reading<readonly Unit[]>;
}

export const units = subject<Units>({
  asks: [],
  parse: () => {
    throw new Error('unwritten');
  },
});
