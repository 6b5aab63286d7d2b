import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { must } from '../command.ts';

export interface KeptCgroup {
  /** Its processes must have ended or be about to. */
  remove(): Promise<void>;
}

/**
 * Removes the control groups of one name (`/name`), with all below them, from every hierarchy of this machine. Their
 * processes must have ended. A power cut would clear them away; where only namespaces end they stay.
 */
export async function removeCgroups(name: string): Promise<void> {
  await must(['unshare', '--mount', '--propagation', 'private', 'sh', '-euc', REMOVE, name]);
}

/**
 * Makes a control group (`/name`) in every hierarchy, as the kubelet wants the one it is to make Pods' below. It also goes when this
 * process is killed: a shell out of Ctrl-C's reach waits for the end of a pipe from us.
 */
export async function keptCgroup(name: string): Promise<KeptCgroup> {
  const argv = ['--mount', '--propagation', 'private', 'sh', '-euc', REMOVE_AT_END, name, REMOVE];
  const keeper = spawn('unshare', argv, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const gone = once(keeper, 'exit');
  const kept: KeptCgroup = {
    async remove() {
      keeper.stdin.end();
      const [status] = await gone;
      if (status !== 0) throw new Error(`control groups of ${name} are still there`);
    },
  };
  try {
    await must(['unshare', '--mount', '--propagation', 'private', 'sh', '-euc', MAKE, name]);
  } catch (error) {
    await kept.remove();
    throw error;
  }
  return kept;
}

/** In a mount namespace, as a machine without control groups has them mounted only inside (see machine.ts). */
const MOUNTED = 'mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup';

const REMOVE = `
${MOUNTED}
for folder in "/sys/fs/cgroup$0" /sys/fs/cgroup/*"$0"; do
  if [ -d "$folder" ]; then find "$folder" -depth -type d -exec rmdir {} +; fi
done
`;

/** Processes killed with us are still ending when the pipe is closed. */
const REMOVE_AT_END = `
cat > /dev/null
for again in $(seq 100); do if sh -euc "$1" "$0"; then exit 0; fi; sleep 0.1; done
exit 1
`;

/**
 * cgroup v1 has a hierarchy for each controller, and a new cpuset is empty (cgroups(7), cpuset(7)); v2 has one, where controllers
 * are handed down. The kubelet wants these five where the kernel has them (k8s.io/kubernetes pkg/kubelet/cm/cgroup_v2_manager_linux.go).
 */
const MAKE = `
${MOUNTED}
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  for controller in cpu cpuset hugetlb memory pids; do
    if grep -qw "$controller" /sys/fs/cgroup/cgroup.controllers; then
      echo "+$controller" > /sys/fs/cgroup/cgroup.subtree_control
    fi
  done
  mkdir "/sys/fs/cgroup$0"
  exit
fi
for hierarchy in /sys/fs/cgroup/*; do
  [ -e "$hierarchy/cgroup.procs" ] || continue
  mkdir "$hierarchy$0"
  for list in cpuset.cpus cpuset.mems; do
    if [ -e "$hierarchy/$list" ]; then cat "$hierarchy/$list" > "$hierarchy$0/$list"; fi
  done
done
`;
