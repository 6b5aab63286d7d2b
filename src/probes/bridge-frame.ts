import { readFileSync } from 'node:fs';
import { known, type Reading } from '../hosts/reading.ts';
import type { Evidence } from '../judging/finding.ts';
import { assertHasPorts, attach, bridgeNamed, portState, settledState, vlanFor } from './bridge-ports.ts';
import { buildArp, buildEthernet, ETHER_TYPE } from './frames.ts';
import { type IpKind, ipFrame, type Journey } from './ip-frames.ts';
import { addressText, isIpv4 } from './octets.ts';
import { assertRawSockets } from './packet-socket.ts';
import { readingOf } from './probe-error.ts';
import { randomBlock } from './test-addresses.ts';
import { randomMac, type VethPair, withVeths } from './throwaway-veth.ts';
import { type Marker, marked, shoot, type Tally, tallyEvidence } from './volley.ts';

export interface BridgeProbeOptions {
  /** IPv4 addresses the packets carry, where rules tell addresses apart. From 198.19.0.0/16 when left out. */
  readonly source?: string;
  readonly destination?: string;
  /** The VLAN both ports are put into, untagged, on a bridge that filters VLANs. The bridge's default when left out. */
  readonly vlan?: number;
  /** Milliseconds to wait for the ports to forward. By default as long as the bridge's spanning tree takes, if it runs one. */
  readonly settleMs?: number;
}

/** Frames that `bridge-nf-call-iptables` never shows to iptables: they tell whether the bridge forwards at all. */
type ControlKind = 'arp' | 'experimental';

export interface BridgeProbe {
  readonly bridge: string;
  /**
   * `passes`: every IPv4 packet came through. `filtered`: the bridge forwards, but not (all) IPv4: something that
   * looks at IPv4 ate it. `not-forwarding`: nothing came through, the bridge itself does not forward.
   */
  readonly verdict: 'passes' | 'filtered' | 'not-forwarding';
  readonly protocols: Readonly<Record<IpKind, Tally>>;
  readonly control: Readonly<Record<ControlKind, Tally>>;
  /** The probe's own ports in the bridge: forwarding, or why not (listening, learning, blocking, disabled). */
  readonly portState: string;
  readonly evidence: readonly Evidence[];
}

const GLOBAL_SWITCH = '/proc/sys/net/bridge/bridge-nf-call-iptables';

function framesFor(journey: Journey, marker: Marker): Record<IpKind | ControlKind, Uint8Array> {
  const { sourceMac, destinationMac, source, destination } = journey;
  const ends = { source: sourceMac, destination: destinationMac };
  const question = buildArp({
    operation: 1,
    senderMac: sourceMac,
    senderAddress: source,
    targetMac: '00:00:00:00:00:00',
    targetAddress: destination,
  });
  const arp = Uint8Array.from([...question, ...marked(marker, 3)]);
  return {
    icmp: ipFrame('icmp', journey, marked(marker, 0)),
    udp: ipFrame('udp', journey, marked(marker, 1)),
    tcp: ipFrame('tcp', journey, marked(marker, 2)),
    arp: buildEthernet({ ...ends, etherType: ETHER_TYPE.arp, payload: arp }),
    experimental: buildEthernet({ ...ends, etherType: ETHER_TYPE.experimental, payload: marked(marker, 4) }),
  };
}

function globalSwitch(): string {
  try {
    return readFileSync(GLOBAL_SWITCH, 'latin1').trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return code === 'ENOENT' ? 'absent (br_netfilter is not loaded)' : code;
  }
}

function verdictOf(protocols: readonly Tally[], controls: readonly Tally[]): BridgeProbe['verdict'] {
  if (protocols.every(({ arrived }) => arrived > 0)) return 'passes';
  return [...protocols, ...controls].some(({ arrived }) => arrived > 0) ? 'filtered' : 'not-forwarding';
}

async function probe(name: string, options: BridgeProbeOptions): Promise<Reading<BridgeProbe>> {
  const bridge = bridgeNamed(name);
  assertHasPorts(bridge);
  const vlan = vlanFor(bridge, options.vlan);
  await assertRawSockets();
  // The bridge's own MTU: with a smaller port a bridge that adapts would shrink for everybody.
  return await withVeths(2, { mtu: bridge.mtu }, async (pairs) => {
    const [from, to] = pairs as [VethPair, VethPair];
    const block = randomBlock();
    const journey: Journey = {
      sourceMac: randomMac(),
      destinationMac: randomMac(),
      source: options.source ?? addressText(block + 1),
      destination: options.destination ?? addressText(block + 2),
    };
    const ports = [
      { pair: from, station: journey.sourceMac },
      { pair: to, station: journey.destinationMac },
    ];
    attach(bridge, ports, vlan);
    const state = await settledState(bridge, pairs, options.settleMs ?? bridge.settleMs);
    const { icmp, udp, tcp, arp, experimental } = await shoot({ from: from.outer, to: to.outer }, (marker) =>
      framesFor(journey, marker),
    );
    // Frames are lost, too, when somebody removes the bridge under them: that proves nothing.
    portState(bridge, pairs);
    const way = `${bridge.name}: ${journey.source} to ${journey.destination}`;
    const evidence: Evidence[] = [
      tallyEvidence(`${way}, ICMP echo request`, icmp),
      tallyEvidence(`${way}, UDP to port 80`, udp),
      tallyEvidence(`${way}, TCP SYN to port 80`, tcp),
      tallyEvidence(`${bridge.name}: ARP request (control)`, arp),
      tallyEvidence(`${bridge.name}: EtherType 0x88b5 (control)`, experimental),
      { source: `${bridge.name}: state of the probe's ports`, value: state, wanted: 'forwarding' },
      { source: GLOBAL_SWITCH, value: globalSwitch() },
      { source: `ip -d link show ${bridge.name}`, value: `nf_call_iptables ${bridge.ownSwitch}` },
    ];
    const value: BridgeProbe = {
      bridge: name,
      verdict: verdictOf([icmp, udp, tcp], [arp, experimental]),
      protocols: { icmp, udp, tcp },
      control: { arp, experimental },
      portState: state,
      evidence,
    };
    return known(value, `probe of bridge ${name}`);
  });
}

function assertOptions(bridge: string, options: BridgeProbeOptions): void {
  if (!/^[^\s/]{1,15}$/.test(bridge)) throw new TypeError(`not an interface name: ${JSON.stringify(bridge)}`);
  for (const address of [options.source, options.destination])
    if (address !== undefined && !isIpv4(address))
      throw new TypeError(`not an IPv4 address: ${JSON.stringify(address)}`);
  const vlan = options.vlan ?? 1;
  if (!Number.isInteger(vlan) || vlan < 1 || vlan > 4094) throw new TypeError(`not a VLAN (1 to 4094): ${vlan}`);
}

/**
 * Sends real IPv4 frames through a bridge of this network namespace and says which arrive: two throw-away ports are
 * attached, packets that start a flow (ICMP echo, UDP, TCP SYN) go in at one and are watched for at the other.
 *
 * What it tells: whether a *new* flow between two ordinary (untagged) ports of this bridge passes now, with these
 * addresses and port 80. Rules that name addresses, ports, interfaces or MAC addresses may treat a VM's own traffic
 * otherwise, and a frame that comes or leaves tagged, as on an uplink that carries VLANs, is not shown to iptables at all
 * while bridge-nf-filter-vlan-tagged is 0 (tried on Linux 6.1). Between `passes` and `filtered` the cause is open: iptables
 * through br_netfilter, ebtables, or nft bridge tables.
 *
 * No address is put on the host, nothing answers, and no frame is flooded to other ports. While it runs (a second; with
 * a spanning tree half a minute, and the bridge then counts a topology change) the bridge has two ports more. Afterwards
 * nothing is left but entries without reply in the connection tracking table, which age out in at most two minutes.
 *
 * `denied` without CAP_NET_ADMIN or CAP_NET_RAW; `failed` when the bridge does not exist, vanishes, or has no ports.
 * Throws a `TypeError` for bad usage only.
 */
export async function probeBridge(bridge: string, options: BridgeProbeOptions = {}): Promise<Reading<BridgeProbe>> {
  assertOptions(bridge, options);
  return await readingOf(`probe of bridge ${bridge}`, () => probe(bridge, options));
}
