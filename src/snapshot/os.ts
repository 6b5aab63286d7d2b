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
  asks: [
    { kind: 'file', path: '/etc/os-release' },
    { kind: 'file', path: '/usr/lib/os-release' },
    { kind: 'file', path: '/proc/sys/kernel/osrelease' },
    { kind: 'file', path: '/proc/sys/kernel/random/boot_id' },
    { kind: 'file', path: '/proc/uptime' },
    { kind: 'file', path: '/proc/stat', keep: '^btime ' },
    { kind: 'file', path: '/proc/cmdline' },
    { kind: 'file', path: '/proc/sys/kernel/hostname' },
    { kind: 'file', path: '/etc/hostname' },
    { kind: 'run', argv: ['systemctl', 'show', '-p', 'Virtualization'], timeoutMs: 5_000 },
    { kind: 'run', argv: ['systemd-detect-virt'], timeoutMs: 5_000 },
    { kind: 'run', argv: ['id', '-u'] },
  ],
  parse: () => {
    throw new Error('unwritten');
  },
});
