import { modulesFrom, settingsFrom } from './printed.ts';
import type { RecordedNode } from './recorded-node.ts';

/**
 * An sosreport: below its one folder the node's own files at their own paths, and what commands printed below
 * `sos_commands/PLUGIN/`. Links are not followed: what they lead to stands elsewhere in it.
 */
export const SOS_COMMAND = /^[^/]+\/sos_commands\/(?:kernel\/(sysctl_-a|lsmod)|(?:host|general)\/(hostname))$/;
export const SOS_FILE =
  /^[^/]+\/((?:etc\/(?:hostname|os-release|harvester-release\.yaml|sysctl\.conf|rancher\/(?:rke2|k3s)\/.*|(?:sysctl|modules-load|modprobe)\.d\/[^/]+|cni\/net\.d\/[^/]+|udev\/rules\.d\/[^/]+|systemd\/system\/.*)|(?:usr\/)?lib\/(?:sysctl|modules-load|modprobe)\.d\/[^/]+|run\/sysctl\.d\/[^/]+|usr\/lib\/os-release|proc\/(?:cmdline|modules|filesystems|stat|uptime|net\/(?:netstat|snmp|ip_vs)|sys\/.*)|run\/flannel\/subnet\.env)$)/;

/** Directories that sos's plugins (kernel, cni, hardware) copy with all they hold, where they hold anything. */
const COPIED_WHOLE = [
  '/etc/sysctl.d',
  '/lib/sysctl.d',
  '/usr/lib/sysctl.d',
  '/etc/modules-load.d',
  '/etc/modprobe.d',
  '/lib/modprobe.d',
  '/etc/cni/net.d',
];

const HINT = (node: string) => `not in an sosreport; collect it with: hayward capture -o FILE --host ${node}`;

/** The node of an sosreport by its members' texts. */
export function nodeFromSos(members: ReadonlyMap<string, string>, takenAt: string): RecordedNode {
  const files = new Map<string, string>();
  let settings: ReadonlyMap<string, string> | undefined;
  let name = '';
  for (const [member, text] of members) {
    const [, kernel, host] = SOS_COMMAND.exec(member) ?? [];
    const path = SOS_FILE.exec(member)?.[1];
    if (kernel === 'sysctl_-a') settings = settingsFrom(text);
    else if (kernel === 'lsmod') files.set('/proc/modules', modulesFrom(text));
    else if (host !== undefined) name ||= text.trim();
    else if (path !== undefined) files.set(`/${path}`, text);
  }
  name ||= files.get('/etc/hostname')?.trim() || [...members.keys()][0]?.split('/')[0] || 'node';
  const seen = [...files.keys()];
  const whole = COPIED_WHOLE.filter((directory) => seen.some((path) => path.startsWith(`${directory}/`)));
  return { name, takenAt, files, whole: new Set(whole), hint: HINT(name), ...(settings && { settings }) };
}
