import { unitArgument } from '../../remedies/persist/quoting.ts';
import type { OwnProgram } from '../child.ts';

/** The guard's service. */
export const GUARD_UNIT = 'hayward-guard.service';
export const GUARD_UNIT_PATH = `/etc/systemd/system/${GUARD_UNIT}`;

/** What writes settings at its start: the guard holds before them, so that the window until they are ready is closed. */
const STARTS_AFTER = [
  'rke2-server.service',
  'rke2-agent.service',
  'k3s.service',
  'k3s-agent.service',
  'kubelet.service',
];

/** What a full round takes on a slow node; systemd starts the others then, whether or not the guard came up. */
const START_TIMEOUT_S = 60;
const WATCHDOG_S = 30;

/**
 * Least capabilities, each with what needs it. The sets come from capabilities(7) and the kernel's own checks: proc
 * keys below net ask for CAP_NET_ADMIN in the namespace's owner (net/sysctl_net.c, net_ctl_permissions).
 */
const CAPABILITIES: readonly (readonly [name: string, why: string])[] = [
  ['CAP_NET_ADMIN', 'settings below net, bridge switches, reading the packet filter; attaching a cgroup program'],
  ['CAP_NET_RAW', 'iptables-legacy-save opens a raw socket'],
  ['CAP_SYS_MODULE', 'loading the modules the profile wants'],
  ['CAP_BPF', 'the program that answers writes, and its maps'],
  ['CAP_PERFMON', 'that program reads the writing task (bpf_probe_read_kernel)'],
  ['CAP_SYS_ADMIN', 'the same two on kernels that do not grant them alone; looking into Pods’ network namespaces'],
  ['CAP_SYS_PTRACE', '/proc/PID/ns of other users’ processes: which network namespaces live'],
  ['CAP_DAC_OVERRIDE', 'leases and CNI configuration that belong to others'],
];

export interface UnitOptions {
  readonly program: OwnProgram;
  /** Options of `hayward guard`, as they were given to `guard install`. */
  readonly options: readonly string[];
  /** Variables of the environment that say where state is kept, where they were set for `guard install`. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The text of the unit. `ProtectKernelTunables` stays off: the tunables are what the guard is for. */
export function guardUnit({ program, options, environment }: UnitOptions): string {
  const variables = Object.entries(environment).map(
    ([name, value]) => `Environment=${unitArgument(`${name}=${value}`)}\n`,
  );
  const command = [program.node, program.script, 'guard', ...options].map(unitArgument).join(' ');
  return `# Made by hayward guard install; taken away by hayward guard uninstall.
[Unit]
Description=hayward guard: keeps this node's network settings
After=systemd-modules-load.service systemd-sysctl.service
Before=${STARTS_AFTER.join(' ')}

[Service]
Type=notify
NotifyAccess=main
ExecStart=${command}
ExecReload=/bin/kill -HUP $MAINPID
TimeoutStartSec=${START_TIMEOUT_S}
WatchdogSec=${WATCHDOG_S}
Restart=on-failure
RestartSec=2
RuntimeDirectory=hayward
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
${variables.join('')}${CAPABILITIES.map(([name, why]) => `# ${name}: ${why}.`).join('\n')}
CapabilityBoundingSet=${CAPABILITIES.map(([name]) => name).join(' ')}
NoNewPrivileges=yes
LimitMEMLOCK=infinity
LockPersonality=yes
PrivateTmp=yes
ProtectClock=yes
ProtectHome=read-only
ProtectHostname=yes
ProtectSystem=full
# Harvester keeps /usr/local over a reboot, and not /var/lib.
ReadWritePaths=-/usr/local/lib/hayward
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6 AF_PACKET

[Install]
WantedBy=multi-user.target
`;
}
