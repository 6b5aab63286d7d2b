import { must } from '../command.ts';
import type { Machine } from '../runtime/machine.ts';

/**
 * What the kubelet wants of the whole kernel, and writes where it reads anything else (setupKernelTunables,
 * pkg/kubelet/cm/container_manager_linux.go). On a node here it reads these from files of the node's own.
 */
const WANTED_BY_KUBELET: Readonly<Record<string, number>> = {
  'vm/overcommit_memory': 1,
  'vm/panic_on_oom': 0,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
  'kernel/keys/root_maxkeys': 1_000_000,
  'kernel/keys/root_maxbytes': 25_000_000,
};

/**
 * Keeps what runs on a machine from changing the one underneath, by mounts that only it sees: the root file system can be
 * read alone but for the machine's `disk`, and of the kernel's settings only those of its network namespace can be
 * written. Its /var/log and /var/lib/kubelet lie on its disk.
 */
export async function shield(machine: Machine, disk: string): Promise<void> {
  const settings = Object.entries(WANTED_BY_KUBELET).flatMap(([key, value]) => [key, String(value)]);
  await must(machine.entering(['sh', '-euc', SHIELD, disk, ...settings]));
}

const SHIELD = `
mkdir -p "$0/kubelet" "$0/log" /var/lib/kubelet /run/settings
mount --bind "$0" "$0"
mount --bind "$0/kubelet" /var/lib/kubelet
mount --bind "$0/log" /var/log
mount -o remount,bind,ro /
for folder in /proc/sys/*; do
  if [ "$folder" != /proc/sys/net ]; then mount --bind "$folder" "$folder"; mount -o remount,bind,ro "$folder"; fi
done
while [ "$#" -gt 0 ]; do
  own="/run/settings/$(echo "$1" | tr / .)"
  echo "$2" > "$own"
  mount --bind "$own" "/proc/sys/$1"
  shift 2
done
`;
