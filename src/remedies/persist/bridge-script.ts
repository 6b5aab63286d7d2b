import { shellWord } from '../../hosts/shell-text.ts';
import { headerFor } from './naming.ts';
import type { FileToWrite, WantedBridgeSetting } from './wanted.ts';

/**
 * A bridge made anew (by a CNI plugin, Docker, a restart of the network) has its own switches off again. The rule
 * matches every bridge and the names stand in the script alone, quoted for the shell, because udev's patterns cannot
 * carry every name. `ip` waits for the interface to be whole; writing the attribute in sysfs from a rule may come too
 * early.
 */
export function bridgeFiles(wanted: readonly WantedBridgeSetting[], name: string, problemId: string): FileToWrite[] {
  if (wanted.length === 0) return [];
  const script = `/usr/local/lib/hayward/${name}.sh`;
  const rules = `/etc/udev/rules.d/99-hayward-${name}-bridges.rules`;
  const rule = `ACTION=="add|move", SUBSYSTEM=="net", ENV{DEVTYPE}=="bridge", RUN+="/bin/sh ${script}"\n`;
  return [
    { path: script, content: bridgeScript(wanted, rules, problemId), mode: 0o755 },
    {
      path: rules,
      content: headerFor(problemId, `Whenever a bridge appears, ${script} sets its own netfilter switches.`) + rule,
      mode: 0o644,
    },
  ];
}

function bridgeScript(wanted: readonly WantedBridgeSetting[], rules: string, problemId: string): string {
  const calls = wanted.map(({ bridge, name, value }) => `keep ${shellWord(bridge)} ${name} ${value}`);
  return `#!/bin/sh
${headerFor(problemId, `Sets the netfilter switches of these bridges, where they exist. Run by ${rules};\nsafe to run at any time.`)}
# By its path: busybox's shell prefers its own ip, which knows nothing of these switches.
for ip in /usr/sbin/ip /sbin/ip /usr/bin/ip /bin/ip; do [ -x "$ip" ] && break; done
failed=0
keep() {
  "$ip" link show dev "$1" >/dev/null 2>&1 || return 0
  "$ip" link set dev "$1" type bridge "$2" "$3" || failed=1
}
${calls.join('\n')}
exit "$failed"
`;
}
