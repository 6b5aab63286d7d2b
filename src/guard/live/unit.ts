import { unitArgument } from '../../remedies/persist/quoting.ts';
import { NODE_UNITS } from '../../snapshot/units-of-interest.ts';
import type { OwnProgram } from '../judge/child.ts';

/** The guard's service. */
export const GUARD_UNIT = 'hayward-guard.service';
export const GUARD_UNIT_PATH = `/etc/systemd/system/${GUARD_UNIT}`;

/** The guard holds before they write, so that the window until they are ready is closed. */
const BEFORE = `Before=${NODE_UNITS.join(' ')}`;

/** What a full round takes on a slow node; systemd starts the others then, whether or not the guard came up. */
const START_TIMEOUT_S = 60;
const WATCHDOG_S = 30;

/**
 * Least capabilities, each with what fails without it, tried one by one on Linux 6.1. CAP_BPF and CAP_PERFMON are not
 * among them: CAP_SYS_ADMIN, which nothing else replaces for entering a namespace, includes both on every kernel.
 */
const CAPABILITIES: readonly (readonly [name: string, why: string])[] = [
  ['CAP_NET_ADMIN', 'forwarding and bridge switches, reading iptables, nftables, ipset and IPVS'],
  ['CAP_NET_RAW', 'iptables-legacy-save reads its rules through a raw socket'],
  ['CAP_SYS_MODULE', 'loading the modules the profile wants'],
  ['CAP_SYS_ADMIN', 'the program that answers writes; network namespaces without a process (setns)'],
  ['CAP_SYS_PTRACE', '/proc/PID/ns of other processes: which network namespaces live'],
  ['CAP_DAC_READ_SEARCH', 'CNI configuration that only another user may read'],
];

export interface UnitOptions {
  readonly program: OwnProgram;
  /** Options of `hayward guard`, as they were given to `guard install`. */
  readonly options: readonly string[];
  /** Variables that say where state is kept, absolute paths, where they were set for `guard install`. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * The text of the unit. `ProtectKernelTunables` and `ProtectKernelModules` stay off: they are what the guard is for;
 * `MemoryDenyWriteExecute` too, for V8 compiles as it runs.
 */
export function guardUnit({ program, options, environment }: UnitOptions): string {
  const variables = Object.entries(environment).map(([name, value]) => `Environment=${word(`${name}=${value}`)}\n`);
  const writable = Object.values(environment).map((path) => `ReadWritePaths=-${word(path)}\n`);
  const command = [program.node, program.script, 'guard', ...options].map(unitArgument).join(' ');
  return `# Made by hayward guard install; taken away by hayward guard uninstall.
[Unit]
Description=hayward guard: keeps this node's network settings
After=systemd-modules-load.service systemd-sysctl.service
${BEFORE}

[Service]
Type=notify
NotifyAccess=main
ExecStart=${command}
ExecReload=/bin/kill -HUP $MAINPID
TimeoutStartSec=${START_TIMEOUT_S}
WatchdogSec=${WATCHDOG_S}
Restart=on-failure
RestartSec=2
RestartPreventExitStatus=2
RuntimeDirectory=hayward
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
UMask=0077
# BPF maps count against it before Linux 5.11.
LimitMEMLOCK=infinity
${variables.join('')}${writable.join('')}${CAPABILITIES.map(([name, why]) => `# ${name}: ${why}.`).join('\n')}
CapabilityBoundingSet=${CAPABILITIES.map(([name]) => name).join(' ')}
NoNewPrivileges=yes
LockPersonality=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
# Attaching a program to a cgroup writes no file.
ProtectControlGroups=yes
ProtectHome=read-only
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectSystem=full
# Harvester keeps /usr/local over a reboot, and not /var/lib.
ReadWritePaths=-/usr/local/lib/hayward
# ip -n enters a network namespace and mounts its /sys in a mount namespace of its own.
RestrictNamespaces=net mnt
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service @module @mount bpf
SystemCallErrorNumber=EPERM
RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6

[Install]
WantedBy=multi-user.target
`;
}

/** One word of a setting other than Exec lines: there `$` is a letter like others (systemd.exec(5)). */
function word(text: string): string {
  return unitArgument(text).replaceAll('$$', '$');
}
