import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { textIn } from '../../snapshot/fields.ts';
import type { Bridge } from '../bridge-ports.ts';
import { gathered, togetherOrEach } from '../gather.ts';
import { batchAside, recordsAside } from '../iproute.ts';
import { ProbeError } from '../probe-error.ts';
import type { VethPair } from '../throwaway-veth.ts';

interface Attachment {
  readonly bridge: Bridge;
  readonly pair: VethPair;
  readonly vlan: number;
}

/** Ports that are attached in one go. */
const LOT = 64;
/** A program for each look: for those who want one a little later to come along. */
const LOOK_PATIENCE_MS = 10;
const LOOK_EVERY_MS = 50;
const LOOKS = 5;

/**
 * Makes the inner end a port of the bridge as the bridge CNI makes a VM's: the VLAN is the port's own, untagged, and the
 * bridge's default VLAN is taken off. Returns once the port forwards. Many that ask at the same time are attached together.
 *
 * The outer end is the VM's side. The host's own stack must not speak there: it would answer ARP for the node's addresses
 * (arp_ignore 0), so ARP is off, and strict reverse-path filtering drops what it would take in.
 *
 * @throws ProbeError `denied` without CAP_NET_ADMIN; `failed` when the bridge vanishes or the port does not come to forward
 */
export async function attachStation(bridge: Bridge, pair: VethPair, vlan: number): Promise<void> {
  await attachTogether({ bridge, pair, vlan });
  const deadline = performance.now() + bridge.settleMs;
  for (;;) {
    const state = await stationPortState(bridge, pair);
    if (state === 'forwarding') return;
    if (performance.now() >= deadline) throw new ProbeError('failed', `the probe's port of ${bridge.name} is ${state}`);
    await delay(LOOK_EVERY_MS);
  }
}

/** The port's state in words of `bridge link`. Throws a `ProbeError` when it is no port of the bridge any more. */
export async function stationPortState(bridge: Bridge, { inner }: VethPair): Promise<string> {
  let port = await portSeen(inner);
  // A dump of ports misses some when others go meanwhile, and does not say so (net/core/rtnetlink.c, rtnl_bridge_getlink).
  for (let look = 1; port?.master !== bridge.name && look < LOOKS; look += 1) port = await portSeen(inner);
  if (port?.master !== bridge.name) throw new ProbeError('failed', `${bridge.name} vanished during the probe`);
  return port.state;
}

interface PortSeen {
  readonly master: string | undefined;
  readonly state: string;
}

const portSeen = gathered<string, PortSeen | undefined>(
  Number.POSITIVE_INFINITY,
  async (names) => {
    const links = await recordsAside('bridge', ['-j', 'link', 'show']);
    const ports = new Map(links.map((port) => [textIn(port, 'ifname'), port]));
    return names.map((name) => {
      const port = ports.get(name);
      return port && { master: textIn(port, 'master'), state: textIn(port, 'state') ?? 'unknown' };
    });
  },
  LOOK_PATIENCE_MS,
);

const attachTogether = gathered<Attachment, void>(LOT, (lot) =>
  togetherOrEach(lot, async (some) => {
    for (const { pair } of some) quieten(pair.outer);
    const join = some.flatMap(({ bridge, pair }) => [
      `link set dev ${pair.outer} arp off`,
      `link set dev ${pair.inner} master ${bridge.name}`,
    ]);
    const raise = some.flatMap(({ pair }) => [`link set dev ${pair.outer} up`, `link set dev ${pair.inner} up`]);
    const changes = some.flatMap(vlanChanges);
    if (changes.length === 0) return batchAside('ip', [...join, ...raise]);
    await batchAside('ip', join);
    await batchAside('bridge', changes);
    await batchAside('ip', raise);
  }),
);

/** None for an untagged network: a new port is in the bridge's default VLAN. */
function vlanChanges({ bridge: { defaultVlan }, pair: { inner: port }, vlan }: Attachment): readonly string[] {
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
