import { must } from '../command.ts';

/**
 * Removes the control groups of one name (`/name`), with all below them, from every hierarchy of this machine. Their
 * processes must have ended. A power cut would clear them away; where only namespaces end they stay.
 */
export async function removeCgroups(name: string): Promise<void> {
  await must(['unshare', '--mount', '--propagation', 'private', 'sh', '-euc', REMOVE, name]);
}

/** In a mount namespace, as a machine without control groups has them mounted only inside (see machine.ts). */
const REMOVE = `
mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup
for folder in "/sys/fs/cgroup$0" /sys/fs/cgroup/*"$0"; do
  if [ -d "$folder" ]; then find "$folder" -depth -type d -exec rmdir {} +; fi
done
`;
