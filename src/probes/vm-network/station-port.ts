import { existsSync, writeFileSync } from 'node:fs';
import { type Bridge, settledState } from '../bridge-ports.ts';
import { ipBatch, iproute } from '../iproute.ts';
import { ProbeError } from '../probe-error.ts';
import type { VethPair } from '../throwaway-veth.ts';

/**
 * Makes the inner end a port of the bridge as the bridge CNI makes a VM's: the VLAN is the port's own, untagged, and the
 * bridge's default VLAN is taken off. Returns once the port forwards.
 *
 * The outer end is the VM's side. The host's own stack must not speak there: it would answer ARP for the node's addresses
 * (arp_ignore 0), so ARP is off, and strict reverse-path filtering drops what it would take in.
 *
 * @throws ProbeError `denied` without CAP_NET_ADMIN; `failed` when the bridge vanishes or the port does not come to forward
 */
export async function attachStation(bridge: Bridge, pair: VethPair, vlan: number): Promise<void> {
  quieten(pair.outer);
  ipBatch([`link set dev ${pair.outer} arp off`, `link set dev ${pair.inner} master ${bridge.name}`]);
  const changes = vlanChanges(bridge, pair.inner, vlan);
  if (changes.length > 0) iproute('bridge', ['-batch', '-'], `${changes.join('\n')}\n`);
  ipBatch([`link set dev ${pair.outer} up`, `link set dev ${pair.inner} up`]);
  const state = await settledState(bridge, [pair], bridge.settleMs);
  if (state !== 'forwarding') throw new ProbeError('failed', `the probe's port of ${bridge.name} is ${state}`);
}

/** None for an untagged network: a new port is in the bridge's default VLAN. */
function vlanChanges({ defaultVlan }: Bridge, port: string, vlan: number): readonly string[] {
  if (vlan === 0 || defaultVlan === undefined) return [];
  const add = `vlan add dev ${port} vid ${vlan} pvid untagged`;
  return defaultVlan === 0 || defaultVlan === vlan ? [add] : [`vlan del dev ${port} vid ${defaultVlan}`, add];
}

function quieten(link: string): void {
  const path = `/proc/sys/net/ipv4/conf/${link}/rp_filter`;
  if (!existsSync(path)) return;
  try {
    writeFileSync(path, '1\n');
  } catch (error) {
    throw new ProbeError('denied', `${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
