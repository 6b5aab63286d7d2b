import { randomInt } from 'node:crypto';
import type { UnknownReason } from '../../hosts/reading.ts';
import { assertRawSockets } from '../packet-socket.ts';
import { ProbeError } from '../probe-error.ts';
import { rawSockets } from '../raw-sockets.ts';
import { randomMac, withVeth } from '../throwaway-veth.ts';
import { type BridgeSight, seeBridge } from './bridge-sight.ts';
import { drive } from './drive.ts';
import { type ProbeFacts, probeMachine } from './machine.ts';
import { hasAddress, nodeReach } from './node-reach.ts';
import { type BridgeFacts, judge, judgeBridge, type NodeReach, type Outcome, withNodeReach } from './outcome.ts';
import type { Pcap } from './pcap.ts';
import { attachStation, stationPortState } from './station-port.ts';

/** What to probe. Checked by the caller: interface names, VLAN 0 to 4094 (0 untagged), IPv4 texts. */
export interface ProbeRequest {
  readonly bridge: string;
  readonly vlan: number;
  readonly cidr?: string;
  readonly gateway?: string;
  /** A host behind the gateway to be pinged too, through it. */
  readonly beyond?: string;
  /** DHCP servers that are meant to be there; none says that nobody knows. */
  readonly servers: readonly string[];
  /** Ports that lead out of the node, where their kind does not tell. */
  readonly uplinks: readonly string[];
  readonly count: number;
  /** For a first offer. All the rest takes at most some seconds more. */
  readonly offerWaitMs: number;
  readonly pcap?: Pcap;
}

/** What came of it. */
export interface NetworkProbe {
  readonly outcome: Outcome;
  /** Undefined where the bridge could not be read. */
  readonly bridge: BridgeFacts | undefined;
  /** Undefined where no frame was sent. */
  readonly facts: ProbeFacts | undefined;
  readonly reach: NodeReach;
  /** What stopped the probe itself; `absent` when there is no such bridge. */
  readonly failure?: { readonly reason: UnknownReason; readonly detail: string };
}

const DARK_OFFER_WAIT_MS = 3000;
/** Beyond the waiting for offers and the echo requests, nothing the machine does takes so long. */
const REST_MS = 20_000;
const EACH_ECHO_MS = 100;
const NOT_ASKED = { facts: undefined, reach: 'not-asked' } as const;

/**
 * Finds out whether a VM on this bridge and VLAN would reach its network, by being one for some seconds: a throw-away port,
 * DHCP, ARP and ICMP by hand, and a look at the uplinks to tell on which side of them a fault is.
 *
 * While it runs the bridge has one port more; an address that a server gave is given back. Nothing of it stays, also after a
 * signal; after SIGKILL the next probe sweeps, and the lease was asked for two minutes only. What cannot be carried out is an
 * outcome with state `unknown`, so is what `signal` ended before its time.
 *
 * Many may run at the same time in one process: what they need of the system is read, made and removed together.
 */
export async function probeVmNetwork(request: ProbeRequest, signal?: AbortSignal): Promise<NetworkProbe> {
  let bridge: BridgeFacts | undefined;
  try {
    const sight = await seeBridge({ name: request.bridge, vlan: request.vlan, uplinks: request.uplinks });
    bridge = factsOf(sight);
    const early = judgeBridge(bridge, request.vlan);
    if (early) return { outcome: early, bridge, ...NOT_ASKED };
    await assertRawSockets();
    return await sent({ request, sight, bridge, signal });
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
    const { reason, message } = error;
    const told = reason === 'denied' ? 'denied' : 'failed';
    const outcome: Outcome = { state: 'unknown', reason: told, side: undefined, lossPercent: undefined };
    return { outcome, bridge, ...NOT_ASKED, failure: { reason, detail: message } };
  }
}

function factsOf({ bridge, ports, carrier, uplinks }: BridgeSight): BridgeFacts {
  const { name, up, defaultVlan } = bridge;
  return { name, up, ports, carrier, filtering: defaultVlan !== undefined, uplinks };
}

interface Attempt {
  readonly request: ProbeRequest;
  readonly sight: BridgeSight;
  readonly bridge: BridgeFacts;
  readonly signal: AbortSignal | undefined;
}

async function sent({ request, sight, bridge, signal }: Attempt): Promise<NetworkProbe> {
  const { bridge: name, vlan, cidr, gateway, beyond, servers, count, pcap } = request;
  const isAddressed = await hasAddress();
  const c = await rawSockets();
  const index = Number(c.indexOf(name));
  const mac = randomMac();
  const uplinks = sight.uplinks.map((uplink) => uplink.name);
  const offerWaitMs = bridge.carrier ? request.offerWaitMs : Math.min(request.offerWaitMs, DARK_OFFER_WAIT_MS);
  const machine = probeMachine({
    mac,
    ...(cidr !== undefined && { cidr }),
    ...(gateway !== undefined && { gateway }),
    ...(beyond !== undefined && { beyond }),
    servers,
    count,
    offerWaitMs,
    uplinks: sight.uplinks.map((uplink) => ({
      name: uplink.name,
      vlan: uplink.carries === 'untagged' ? 0 : vlan,
    })),
    random: (below) => randomInt(below),
  });
  function assertThere(): void {
    // A bridge of the same name that was made anew is another one, and the port was lost with the first.
    if (Number(c.indexOf(name)) !== index) throw new ProbeError('failed', `${name} vanished during the probe`);
  }
  // The bridge's own MTU: with a smaller port a bridge that adapts would shrink for everybody.
  await withVeth({ mtu: sight.bridge.mtu }, async (pair) => {
    await attachStation(sight.bridge, pair, vlan);
    const limitMs = offerWaitMs + 2 * count * EACH_ECHO_MS + REST_MS;
    await drive(machine, { mac, station: pair.outer, uplinks, pcap, assertThere, limitMs, signal });
    await stationPortState(sight.bridge, pair);
  });
  const facts = machine.facts();
  const outcome = judge(facts, bridge);
  const isFine = outcome.reason === 'ok' && facts.gateway !== undefined && isAddressed;
  // Only afterwards: whoever counts echo requests at the gateway sees the station's alone until then.
  const reach = isFine ? await nodeReach(facts.gateway) : 'not-asked';
  return { outcome: withNodeReach(outcome, reach), bridge, facts, reach };
}
