import { firstLine } from '../../hosts/sanitise.ts';
import type { ProbeFacts } from '../../probes/vm-network/machine.ts';
import type { NetworkProbe, ProbeRequest } from '../../probes/vm-network/probe.ts';
import type { ProbeResult } from '../cluster/model.ts';
import { reasonWords } from '../reason-words.ts';

/** A probe that answers `ask`, as the controller reads it. Pure; `at` is when it ended. */
export function resultOf(ask: number, request: ProbeRequest, probe: NetworkProbe, at: Date): ProbeResult {
  const { outcome, facts, failure } = probe;
  const { state, reason, side, lossPercent } = outcome;
  const words = reason === 'ok' ? '' : reasonWords({ request, probe }).cause.en;
  const { cidr, gateway } = facts ?? request;
  return {
    ask,
    state,
    reason,
    ...(side !== undefined && { side }),
    message: firstLine(failure?.detail ?? words),
    ...(cidr !== undefined && { cidr }),
    ...(gateway !== undefined && { gateway }),
    ...(facts?.arp && facts.arp.macs.length > 0 && { gatewayMacs: facts.arp.macs }),
    ...(lossPercent !== undefined && { lossPercent: Math.round(lossPercent * 10) / 10 }),
    ...(facts && facts.offers.length > 0 && { servers: serversOf(facts) }),
    at: at.toISOString(),
  };
}

function serversOf({ offers }: ProbeFacts) {
  return offers.map(({ server, mac, afterMs, relay }) => ({
    address: server,
    mac,
    offerMs: Math.round(afterMs),
    ...(relay !== undefined && { relay }),
  }));
}

/** What could not be asked of the network at all. */
export function unasked(ask: number, detail: string, at: Date): ProbeResult {
  return { ask, state: 'unknown', reason: 'failed', message: firstLine(detail), at: at.toISOString() };
}
