import { HIGHEST_VLAN, LONGEST_INTERFACE } from '../../harvester/names.ts';
import { isIpv4 } from '../../probes/octets.ts';
import { cidrText, parseCidr } from '../../probes/vm-network/networks.ts';
import type { ProbeRequest } from '../../probes/vm-network/probe.ts';
import type { WantedProbe } from '../cluster/model.ts';

/** Harvester sends as many (network-controller-harvester pkg/controller/manager/nad, pingGW). */
const ECHO_COUNT = 5;
const OFFER_WAIT_MS = 10_000;

export type ReadRequest =
  | { readonly ok: true; readonly request: ProbeRequest }
  /** What is asked cannot be a network: in English, for a log and a message. */
  | { readonly ok: false; readonly detail: string };

/** A name the kernel takes for an interface (net/core/dev.c, dev_valid_name), and no program for two words. */
export function isInterfaceName(name: string): boolean {
  return /^(?!\.\.?$)[^\s/:]+$/.test(name) && Buffer.byteLength(name) <= LONGEST_INTERFACE;
}

/** What an agent is asked, as a probe takes it. Whoever may write the object may write anything: all of it is checked. Pure. */
export function requestFor(wanted: Omit<WantedProbe, 'ask'>): ReadRequest {
  const { bridge, vlan, cidr, gateway, server } = wanted;
  const network = cidr === undefined ? undefined : parseCidr(cidr);
  const fault = faultOf([
    [isInterfaceName(bridge), `bridge ${JSON.stringify(bridge)} is no interface name`],
    [Number.isInteger(vlan) && vlan >= 0 && vlan <= HIGHEST_VLAN, `VLAN ${vlan} is not from 0 to ${HIGHEST_VLAN}`],
    [cidr === undefined || network !== undefined, `cidr ${JSON.stringify(cidr)} is no IPv4 network`],
    [gateway === undefined || isIpv4(gateway), `gateway ${JSON.stringify(gateway)} is no IPv4 address`],
    [server === undefined || isIpv4(server), `server ${JSON.stringify(server)} is no IPv4 address`],
  ]);
  if (fault !== undefined) return { ok: false, detail: fault };
  const request: ProbeRequest = {
    bridge,
    vlan,
    ...(network && { cidr: cidrText(network) }),
    ...(gateway !== undefined && { gateway }),
    servers: server === undefined ? [] : [server],
    uplinks: [],
    count: ECHO_COUNT,
    offerWaitMs: OFFER_WAIT_MS,
  };
  return { ok: true, request };
}

function faultOf(checks: readonly (readonly [boolean, string])[]): string | undefined {
  return checks.find(([isFine]) => !isFine)?.[1];
}
