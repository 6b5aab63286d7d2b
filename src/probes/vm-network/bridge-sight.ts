import { type Fields, objectAt, textIn, textsIn } from '../../snapshot/fields.ts';
import { type Bridge, bridgeFrom } from '../bridge-ports.ts';
import { gathered, valueOrFailure } from '../gather.ts';
import { recordsAside } from '../iproute.ts';
import { ProbeError } from '../probe-error.ts';
import { isThrowaway } from '../throwaway-links.ts';
import { carriage, type VlanTable, vlanTable } from './bridge-vlans.ts';

/** A port that leads out of the node. */
export interface Uplink {
  readonly name: string;
  readonly carrier: boolean;
  /** How it carries the probed VLAN; undefined on a bridge that does not filter VLANs. */
  readonly carries: 'tagged' | 'untagged' | 'not' | undefined;
}

/** The bridge as it was before the probe touched it. */
export interface BridgeSight {
  readonly bridge: Bridge;
  readonly ports: number;
  /** It is up, and some port of it has carrier. */
  readonly carrier: boolean;
  readonly uplinks: readonly Uplink[];
}

/** What is to be seen: `uplinks` are ports the user says lead out, whatever their kind. */
interface Wanted {
  readonly name: string;
  /** 0 for untagged. */
  readonly vlan: number;
  readonly uplinks: readonly string[];
}

/** What virtual machines and containers are attached by. */
const GUEST_KINDS: readonly string[] = ['veth', 'tun'];

/**
 * Reads a bridge, its ports and its VLAN table by iproute2; one reading serves all who ask at the same time. Ports of kinds that
 * guests are not attached by are uplinks: a NIC, a bond.
 *
 * @throws ProbeError `absent` when there is no such bridge, or a named uplink is no port of it
 */
export const seeBridge: (wanted: Wanted) => Promise<BridgeSight> = gathered(Number.POSITIVE_INFINITY, async (all) => {
  const links = await linksNow();
  const isFiltering = all.some(({ name }) => bridgeIn(links, name)?.defaultVlan !== undefined);
  const table = isFiltering ? vlanTable(await recordsAside('bridge', ['-j', 'vlan', 'show'])) : undefined;
  return all.map((wanted) => valueOrFailure(() => sightOf(wanted, links, table)));
});

interface Links {
  readonly named: ReadonlyMap<string, Fields>;
  readonly ports: ReadonlyMap<string, readonly Fields[]>;
}

async function linksNow(): Promise<Links> {
  const named = new Map<string, Fields>();
  const ports = new Map<string, Fields[]>();
  for (const link of await recordsAside('ip', ['-d', '-j', 'link', 'show'])) {
    named.set(textIn(link, 'ifname') ?? '', link);
    const master = textIn(link, 'master');
    // Ports of probes that run at the same time are no part of the bridge: they would give it a carrier.
    if (master === undefined || isThrowaway(link)) continue;
    const others = ports.get(master);
    if (others) others.push(link);
    else ports.set(master, [link]);
  }
  return { named, ports };
}

/** Undefined where there is none by that name. */
function bridgeIn({ named }: Links, name: string): Bridge | undefined {
  const link = named.get(name);
  const isBridge = link && textIn(objectAt(link, 'linkinfo'), 'info_kind') === 'bridge';
  return isBridge ? bridgeFrom(name, link) : undefined;
}

function sightOf({ name, vlan, uplinks: given }: Wanted, links: Links, vlans: VlanTable | undefined): BridgeSight {
  const bridge = bridgeIn(links, name);
  if (!bridge) throw new ProbeError('absent', `there is no bridge ${name} here`);
  const ports = (links.ports.get(name) ?? []).map((port) => ({
    name: textIn(port, 'ifname') ?? '',
    kind: textIn(objectAt(port, 'linkinfo'), 'info_kind'),
    carrier: textsIn(port, 'flags').includes('LOWER_UP'),
  }));
  const stranger = given.find((one) => !ports.some((port) => port.name === one));
  if (stranger !== undefined) throw new ProbeError('absent', `${stranger} is no port of ${name}`);
  const table = bridge.defaultVlan === undefined ? undefined : vlans;
  const uplinks = ports
    .filter((port) => (given.length > 0 ? given.includes(port.name) : !GUEST_KINDS.includes(port.kind ?? '')))
    .map((port) => ({ name: port.name, carrier: port.carrier, carries: table && carriage(table, port.name, vlan) }));
  const carrier = bridge.up && ports.some((port) => port.carrier);
  return { bridge, ports: ports.length, carrier, uplinks };
}
