import type { NetworkProbe, ProbeRequest } from '../probes/vm-network/probe.ts';

/** A VM network that was probed: what was asked for, and what came of it. */
export interface ProbedNetwork {
  readonly request: Pick<ProbeRequest, 'bridge' | 'vlan' | 'cidr' | 'gateway' | 'servers' | 'count' | 'offerWaitMs'> & {
    /** Its NetworkAttachmentDefinition's, `namespace/name`. */
    readonly name?: string;
  };
  readonly probe: NetworkProbe;
}

/** What a network is called; one without a name by its bridge and VLAN. */
export function networkName({
  name,
  bridge,
  vlan,
}: Pick<ProbeRequest, 'bridge' | 'vlan'> & { readonly name?: string }): string {
  if (name !== undefined) return name;
  return vlan === 0 ? `${bridge} untagged` : `${bridge} vlan ${vlan}`;
}

/** In milliseconds, as short as it tells something. */
export function milliseconds(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

/** Later than that an offer is slow: a guest that boots without patience goes on without an address. */
export const SLOW_OFFER_MS = 2000;

export function percent(loss: number): string {
  return `${Math.round(loss * 10) / 10} %`;
}

/** How often something was asked, in English: Chinese has no plural. */
export function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** Whether a DHCP server is meant to be there; each is, where nobody said which. */
export function isExpected({ servers }: ProbedNetwork['request'], server: string): boolean {
  return servers.length === 0 || servers.includes(server);
}
