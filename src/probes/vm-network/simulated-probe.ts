import { typeOf } from './dhcp-message.ts';
import { type Place, type ProbePlan, probeMachine } from './machine.ts';
import { type BridgeFacts, judge } from './outcome.ts';
import {
  type DhcpServerOptions,
  dhcpServer,
  type HostOptions,
  host,
  type Ran,
  type SimulatedStation,
  simulate,
} from './simulated-network.ts';

// For tests: one probe on a network of simulated stations.

export const MAC = 'fe:ff:ff:00:00:01';
export const GATEWAY = { mac: '02:00:00:00:00:01', address: '10.0.0.1' };
export const SERVER: DhcpServerOptions = { ...GATEWAY, offers: '10.0.0.50', gateway: '10.0.0.1' };
const BRIDGE: BridgeFacts = { name: 'br0', up: true, ports: 2, carrier: true, filtering: true, uplinks: [] };
export const BO = [{ name: 'bo', vlan: 7 }];
export const UPLINK: Place = { at: 'uplink', name: 'bo' };

/** Numbers that look random and are the same every time. */
function sequence(): (below: number) => number {
  let state = 12345;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

/** A probe of five pings, whose chances are the same every time. */
export function plan(change: Partial<ProbePlan> = {}): ProbePlan {
  const base = { mac: MAC, servers: [], count: 5, offerWaitMs: 10_000, uplinks: [], random: sequence() };
  return { ...base, ...change };
}

export const MANUAL = { cidr: '10.0.0.0/24', gateway: '10.0.0.1' };

/** A probe among these stations, on a bridge that is well but for what is said. */
export interface Case {
  readonly plan?: Partial<ProbePlan>;
  readonly stations?: readonly SimulatedStation[];
  readonly bridge?: Partial<BridgeFacts>;
}

/** Runs it to its end in simulated time, and judges what it saw. */
export function run({
  plan: change = {},
  stations = [],
  bridge = {},
}: Case): Ran & { outcome: ReturnType<typeof judge> } {
  const ran = simulate(probeMachine(plan(change)), stations);
  return { ...ran, outcome: judge(ran.facts, { ...BRIDGE, ...bridge }) };
}

export const server = (change: Partial<DhcpServerOptions> = {}) => dhcpServer({ ...SERVER, ...change });
export const gateway = (change: Partial<HostOptions> = {}) => host({ ...GATEWAY, ...change });
export const types = ({ sent }: Ran) =>
  sent.flatMap(({ packet }) => (packet.kind === 'dhcp' ? [typeOf(packet.message)] : []));

/** The bridge's uplink as it was found. */
export const bo = (carries: 'tagged' | 'not', carrier = true) => ({ uplinks: [{ name: 'bo', carrier, carries }] });
