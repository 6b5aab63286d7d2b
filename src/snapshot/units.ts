import type { Ask } from '../hosts/ask.ts';
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

/** Services that need the settings hayward judges, that set them, or that set them back. */
export const UNITS_OF_INTEREST = [
  'rke2-server.service',
  'rke2-agent.service',
  'k3s.service',
  'k3s-agent.service',
  'kubelet.service',
  'kube-proxy.service',
  'containerd.service',
  'docker.service',
  'crio.service',
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
  'chrony.service',
  'chronyd.service',
  'systemd-timesyncd.service',
  'ntpd.service',
] as const;

/** systemd's unit load path for the system manager, first wins. */
const UNIT_DIRECTORIES = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
] as const;

/** Vendor directories hold hundreds of units: only these travel. The administrator's own directories are read whole. */
const VENDOR_NAMES = [
  'rke2-*',
  'k3s*',
  'kube*',
  'systemd-sysctl',
  'systemd-modules-load',
  'tuned',
  'ufw',
  'procps',
] as const;

/**
 * Monotonic times (microseconds since boot) rather than dates: they are printed without a time zone by every systemd
 * there is, and a clock that NTP stepped after boot does not bend them.
 */
const PROPERTIES = [
  'Id',
  'LoadState',
  'ActiveState',
  'SubState',
  'UnitFileState',
  'FragmentPath',
  'DropInPaths',
  'ExecMainStartTimestampMonotonic',
  'ActiveEnterTimestampMonotonic',
] as const;

const SHOW = ['systemctl', 'show', '-p', PROPERTIES.join(','), ...UNITS_OF_INTEREST] as const;

const UNITS_ASKS: readonly Ask[] = [
  { kind: 'run', argv: SHOW, timeoutMs: 10_000 },
  { kind: 'file', path: '/proc/stat', keep: '^btime ' },
  { kind: 'file', path: '/proc/1/comm' },
  { kind: 'list', path: '/run/systemd/system' },
  { kind: 'list', path: '/etc/systemd/system/multi-user.target.wants' },
  { kind: 'list', path: '/etc/systemd/system/sysinit.target.wants' },
  ...UNIT_DIRECTORIES.slice(0, 2).map((directory): Ask => ({ kind: 'files', glob: `${directory}/*.service` })),
  ...UNIT_DIRECTORIES.slice(2).flatMap((directory) =>
    VENDOR_NAMES.map((name): Ask => ({ kind: 'files', glob: `${directory}/${name}.service` })),
  ),
  ...UNIT_DIRECTORIES.map((directory): Ask => ({ kind: 'files', glob: `${directory}/*.service.d/*.conf` })),
];

export const units = subject<Units>({
  asks: UNITS_ASKS,
  parse: () => {
    throw new Error('unwritten');
  },
});
