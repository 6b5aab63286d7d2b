import type { Finding } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import type { ProbeFacts } from '../probes/vm-network/machine.ts';
import { networkName, type ProbedNetwork } from './probed-network.ts';
import { reasonWords } from './reason-words.ts';

/** The result of `networks probe` in the shape scripts read (`schemaVersion` 1). Undefined members are left out. */
export function probeJson(network: ProbedNetwork, findings: readonly Finding[], lang: Lang): object {
  const { request, probe } = network;
  const { outcome, facts, bridge, reach, failure } = probe;
  const roundTrips = facts?.echo?.roundTrips ?? [];
  return {
    network: networkName(request),
    bridge: request.bridge,
    vlan: request.vlan,
    state: outcome.state,
    reason: outcome.reason,
    side: outcome.side ?? null,
    detail: failure?.detail ?? (outcome.reason === 'ok' ? '' : reasonWords(network).cause[lang]),
    cidr: facts?.cidr ?? request.cidr ?? null,
    gateway: facts?.gateway ?? request.gateway ?? null,
    gatewayMacs: facts?.arp?.macs ?? [],
    address: facts?.address ?? null,
    lossPercent: outcome.lossPercent ?? null,
    sent: facts?.echo?.sent ?? 0,
    answered: facts?.echo?.answered ?? 0,
    roundTripMs: roundTrips.map(toMicroseconds),
    beyond: facts?.beyond ? beyondJson(facts.beyond) : null,
    node: reach,
    servers: (facts?.offers ?? []).map((offer) => ({
      address: offer.server,
      mac: offer.mac,
      offerMs: Math.round(offer.afterMs),
      relay: offer.relay ?? null,
      offers: offer.address,
      cidr: offer.cidr ?? null,
      gateway: offer.gateway ?? null,
      leaseSeconds: offer.leaseSeconds ?? null,
    })),
    uplinks: bridge?.uplinks ?? [],
    evidence: (facts?.frames ?? []).map(({ at, direction, text, ...rest }) => ({
      source: `${at} ${direction}`,
      value: text,
      ...rest,
    })),
    findings: findings.map(({ remedies: _, ...finding }) => ({ ...finding, remedies: [] })),
  };
}

function beyondJson({ address, sent, answered, roundTrips }: NonNullable<ProbeFacts['beyond']>): object {
  return { address, sent, answered, roundTripMs: roundTrips.map(toMicroseconds) };
}

function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
