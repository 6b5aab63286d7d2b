import { objectAt, textIn, textsIn } from '../../snapshot/fields.ts';
import { type Bridge, bridgeNamed } from '../bridge-ports.ts';
import { iproute, records } from '../iproute.ts';
import { ProbeError } from '../probe-error.ts';
import { carriage, vlanTable } from './bridge-vlans.ts';

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

/** What virtual machines and containers are attached by. */
const GUEST_KINDS: readonly string[] = ['veth', 'tun'];

function existing(name: string): Bridge {
  try {
    return bridgeNamed(name);
  } catch (error) {
    const isMissing =
      error instanceof ProbeError && /does not exist|Cannot find device|is not a bridge/.test(error.message);
    throw isMissing ? new ProbeError('absent', `there is no bridge ${name} here`, { cause: error }) : error;
  }
}

/**
 * Reads a bridge, its ports and its VLAN table by iproute2. Ports of kinds that guests are not attached by are uplinks: a NIC,
 * a bond; `named` are those the user says are, whatever their kind.
 *
 * @throws ProbeError when there is no such bridge, or a named uplink is no port of it
 */
export function seeBridge(name: string, vlan: number, named: readonly string[]): BridgeSight {
  const bridge = existing(name);
  const ports = records(iproute('ip', ['-d', '-j', 'link', 'show', 'master', name])).map((link) => ({
    name: textIn(link, 'ifname') ?? '',
    kind: textIn(objectAt(link, 'linkinfo'), 'info_kind'),
    carrier: textsIn(link, 'flags').includes('LOWER_UP'),
  }));
  const stranger = named.find((one) => !ports.some((port) => port.name === one));
  if (stranger !== undefined) throw new ProbeError('absent', `${stranger} is no port of ${name}`);
  const isFiltering = bridge.defaultVlan !== undefined;
  const table = isFiltering ? vlanTable(records(iproute('bridge', ['-j', 'vlan', 'show']))) : undefined;
  const uplinks = ports
    .filter((port) => (named.length > 0 ? named.includes(port.name) : !GUEST_KINDS.includes(port.kind ?? '')))
    .map((port) => ({ name: port.name, carrier: port.carrier, carries: table && carriage(table, port.name, vlan) }));
  const carrier = bridge.up && ports.some((port) => port.carrier);
  return { bridge, ports: ports.length, carrier, uplinks };
}
