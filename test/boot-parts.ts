import { known, type Reading, unknown } from '../src/hosts/reading.ts';
import type { BootParts } from '../src/persistence/boot-sources.ts';
import type { ModuleState } from '../src/snapshot/modules.ts';
import type { TextFile } from '../src/snapshot/sysctl-files.ts';
import type { Unit } from '../src/snapshot/units.ts';
import { sysctlWith } from './parts.ts';

/** A node by what speaks of its settings, in literals: paths and their texts. */
export interface BootNode {
  readonly sysctl?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly sysctlConf?: string;
  readonly load?: Readonly<Record<string, string>>;
  readonly modprobe?: Readonly<Record<string, string>>;
  readonly udev?: Readonly<Record<string, string>>;
  readonly oem?: Readonly<Record<string, string>>;
  readonly modules?: Readonly<Record<string, ModuleState>>;
  readonly commandLine?: string;
  readonly units?: readonly Unit[];
  readonly systemd?: Reading<boolean>;
}

const ABSENT = unknown('absent', 'test', 'no such file');

/** The rule every systemd ships in 99-systemd.rules. */
export const LINK_RULE =
  'ACTION=="add", SUBSYSTEM=="net", KERNEL!="lo", RUN+="/lib/systemd/systemd-sysctl --prefix=/net/ipv4/conf/$name --prefix=/net/ipv4/neigh/$name --prefix=/net/ipv6/conf/$name --prefix=/net/ipv6/neigh/$name"\n';
/** The rule sysctl.d(5) gives for settings of a module that loads late. */
export const BRIDGE_RULE =
  'ACTION=="add", SUBSYSTEM=="module", KERNEL=="br_netfilter", RUN+="/lib/systemd/systemd-sysctl --prefix=/net/bridge"\n';

export function textFiles(files: Readonly<Record<string, string>> = {}): TextFile[] {
  return Object.entries(files).map(([path, text]) => ({ path, text: known(text, path) }));
}

/** Harvester when it has `oem` stages; else an ordinary systemd machine. br_netfilter is loadable unless said otherwise. */
export function bootParts(node: BootNode): BootParts {
  return {
    sysctl: sysctlWith(node.sysctl ?? {}),
    sysctlFiles: {
      files: known(textFiles(node.files), 'sysctl.d'),
      sysctlConf: node.sysctlConf === undefined ? ABSENT : known(node.sysctlConf, '/etc/sysctl.conf'),
    },
    moduleFiles: {
      load: known(textFiles(node.load), 'modules-load.d'),
      modprobe: known(textFiles(node.modprobe), 'modprobe.d'),
    },
    udevRules: known(textFiles(node.udev ?? { '/usr/lib/udev/rules.d/99-systemd.rules': LINK_RULE }), 'udev rules'),
    modules: { state: (name) => known(node.modules?.[name] ?? 'loadable', '/proc/modules') },
    os: {
      release: ABSENT,
      kernel: ABSENT,
      bootId: ABSENT,
      uptime: ABSENT,
      bootTime: ABSENT,
      commandLine: known(node.commandLine ?? 'root=/dev/vda1 ro', '/proc/cmdline'),
      hostname: ABSENT,
      virtualization: ABSENT,
      root: known(true, 'id -u'),
    },
    harvester: {
      version: node.oem ? known('v1.6.0', '/etc/harvester-release.yaml') : ABSENT,
      oem: known(textFiles(node.oem), '/oem'),
    },
    units: {
      systemd: node.systemd ?? known(true, '/proc/1/comm'),
      units: known(node.units ?? [], 'systemctl show'),
    },
  };
}

/** A running, enabled service with its unit file and drop-ins. */
export function service(name: string, files: Readonly<Record<string, string>>, more: Partial<Unit> = {}): Unit {
  return {
    name,
    loadState: 'loaded',
    activeState: 'active',
    subState: 'running',
    unitFileState: 'enabled',
    files: textFiles(files),
    ...more,
  };
}

const RKE2 =
  '[Service]\nType=notify\nExecStartPre=-/sbin/modprobe br_netfilter\nExecStart=/usr/local/bin/rke2 server\n';

/** RKE2's own unit; with `dropIn`, Harvester's or another file beside it. */
export function rke2(dropIn?: string): Unit {
  const files = { '/usr/local/lib/systemd/system/rke2-server.service': RKE2 };
  const path = '/etc/systemd/system/rke2-server.service.d/override.conf';
  return service('rke2-server.service', dropIn === undefined ? files : { ...files, [path]: dropIn });
}

/** What Harvester 1.4.1 and later ship. */
export const HARVESTER_DROP_IN =
  '[Unit]\nAfter=time-sync.target\n\n[Service]\nExecStartPre=/usr/sbin/harv-update-rke2-server-url server\nExecStartPost=/sbin/sysctl -w net.bridge.bridge-nf-call-iptables=0\n';
