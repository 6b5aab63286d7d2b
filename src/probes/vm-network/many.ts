import { turnstile } from '../../turnstile.ts';
import { type NetworkProbe, type ProbeRequest, probeVmNetwork } from './probe.ts';

/**
 * As many as fit beside the ports of other guests: a bridge takes 1,023 in all (net/bridge/br_private.h, BR_PORT_BITS). A probe spends
 * its time waiting for others, so that fewer at once would only take longer.
 */
const AT_ONCE = 512;

/** Probes now, or when enough others have ended. */
export type Prober = (request: ProbeRequest, signal?: AbortSignal) => Promise<NetworkProbe>;

/** Bounds how many networks are probed at the same time; those that wait begin in the order in which they were asked for. */
export function boundedProber(most = AT_ONCE, probe: Prober = probeVmNetwork): Prober {
  const turns = turnstile(most);
  return (request, signal) => turns(() => probe(request, signal));
}
