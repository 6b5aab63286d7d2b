import { sourceOf } from '../hosts/ask.ts';
import type { CaptureView } from '../hosts/capture.ts';
import { mapReading, type Reading } from '../hosts/reading.ts';
import { bootTimeOf, uptimeSecondsOf } from './boot-time.ts';
import { orElse } from './or-else.ts';
import { releaseFrom } from './os-release.ts';
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

/**
 * The manager's own property says `Virtualization=` on bare metal and exits 0; systemd-detect-virt exits 1 there, so
 * it is only the second choice (no systemd running, as in a container).
 */
const MANAGER = ['systemctl', 'show', '-p', 'Virtualization'] as const;
const DETECT = ['systemd-detect-virt'] as const;
const WHO = ['id', '-u'] as const;

function oneLine(text: string): string {
  const line = text.trim();
  if (line === '' || line.includes('\n')) throw new Error('expected one line');
  return line;
}

function virtualizationOf(view: CaptureView): Reading<string> {
  const manager = mapReading(view.text(sourceOf(MANAGER)), (text) => {
    const value = /^Virtualization=(.*)$/m.exec(text)?.[1];
    if (value === undefined) throw new Error('no Virtualization= line');
    return value.trim() || 'none';
  });
  return orElse(manager, mapReading(view.text(sourceOf(DETECT)), oneLine));
}

function rootFrom(text: string): boolean {
  const uid = text.trim();
  if (!/^\d+$/.test(uid)) throw new Error('line 1: not a user id');
  return uid === '0';
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
    { kind: 'run', argv: MANAGER, timeoutMs: 5_000 },
    { kind: 'run', argv: DETECT, timeoutMs: 5_000 },
    { kind: 'run', argv: WHO },
  ],
  parse: (view) => {
    const line = (path: string) => mapReading(view.text(path), oneLine);
    return {
      release: mapReading(orElse(view.text('/etc/os-release'), view.text('/usr/lib/os-release')), releaseFrom),
      kernel: line('/proc/sys/kernel/osrelease'),
      bootId: line('/proc/sys/kernel/random/boot_id'),
      uptime: uptimeSecondsOf(view),
      bootTime: bootTimeOf(view),
      commandLine: mapReading(view.text('/proc/cmdline'), (text) => text.trim()),
      hostname: orElse(line('/proc/sys/kernel/hostname'), line('/etc/hostname')),
      virtualization: virtualizationOf(view),
      root: mapReading(view.text(sourceOf(WHO)), rootFrom),
    };
  },
});
