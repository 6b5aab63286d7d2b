import type { Reading } from '../hosts/reading.ts';
import type { CniConfig } from '../snapshot/cni.ts';

/** k3s brings its own iptables, and puts it on its containerd's path (k3s-io/k3s pkg/cli/agent, `data/current/bin/aux`). */
const BRINGS_IPTABLES = '/var/lib/rancher/k3s/';

/**
 * The CNI configuration by which each try to start a Pod with a hostPort leaves an address behind: it chains portmap, and
 * the node has no iptables program. ADD takes the address first and then fails in portmap, and DEL asks the plugins in reverse,
 * so that portmap fails before host-local's turn (plugins/meta/portmap; rancher/rke2#3361). Undefined where that is not so,
 * or cannot be told. `iptables` is the program's path, null where it is not installed.
 */
export function portmapWithoutIptables(
  configs: Reading<readonly Reading<CniConfig>[]>,
  iptables: Reading<string | null>,
): string | undefined {
  if (!configs.known || !iptables.known || iptables.value !== null) return undefined;
  const readable = configs.value.flatMap((config) => (config.known ? [config.value] : []));
  return readable.find(({ plugins, file }) => plugins.includes('portmap') && !file.startsWith(BRINGS_IPTABLES))?.file;
}
