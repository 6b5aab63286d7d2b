import { mapReading, type Reading } from '../hosts/reading.ts';
import type { ProbeRequest } from '../remedies/remedy.ts';
import { probeBridge } from './bridge-frame.ts';
import { probeForwarding } from './forward.ts';
import type { Tally } from './volley.ts';

/** What became of the packets of one request. */
export interface Sent {
  readonly passes: boolean;
  /** By protocol, or `asymmetric` for the packet whose way back lies elsewhere. */
  readonly tallies: Readonly<Record<string, Tally>>;
}

/** Really sends a remedy's probe on this machine. Unknown with the reason where it cannot be sent. */
export async function sendProbe(request: ProbeRequest): Promise<Reading<Sent>> {
  if (request.kind === 'bridge') {
    const bridge = await probeBridge(request.bridge);
    return mapReading(bridge, ({ verdict, protocols }) => ({
      passes: verdict === 'passes' && Object.values(protocols).every((one) => one.rewrittenSource === undefined),
      tallies: protocols,
    }));
  }
  const { asymmetric, like } = request;
  const forwarded = await probeForwarding({ asymmetric, ...(like !== undefined && { like }) });
  return mapReading(forwarded, ({ verdict, protocols, reversePath }) => {
    const back = asymmetric ? reversePath : undefined;
    if (!back) return { passes: verdict === 'forwards', tallies: protocols };
    return { passes: back.verdict === 'passes', tallies: { asymmetric: back.tally } };
  });
}
