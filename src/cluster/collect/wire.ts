import { networkInterfaces } from 'node:os';
import { mapReading, type Reading, unknown } from '../../hosts/reading.ts';
import type { SegmentSight } from '../../probes/segment/address-inquiry.ts';
import { type Segment, segmentOf } from '../../probes/segment/segment-of.ts';
import type { ManagementAddress } from '../model/management-address.ts';
import type { WebLimit } from './web.ts';

export type WireSight = Pick<ManagementAddress, 'arp' | 'offeredBy'>;

/** The segment of the management address, seen from this machine where it lies in it. */
export interface Wire {
  look(address: Reading<string>, limit: WebLimit): Promise<WireSight>;
}

/** A server that asks the address by ICMP before it offers it finds a management address that is up: it will not offer it. */
const OFFER_WAIT_MS = 2_000;
/** DHCP servers are not asked at every look of a --watch: what a pool holds changes rarely. */
const ASK_AGAIN_MS = 10 * 60_000;

/** Keeps what the DHCP servers said for ten minutes; ARP is asked at every look. `waitMs` is for a first offer. */
export function openWire(waitMs = OFFER_WAIT_MS): Wire {
  let kept: { readonly of: string; readonly at: number; readonly offeredBy: WireSight['offeredBy'] } | undefined;
  return {
    async look(address, limit) {
      if (!address.known) return nowhere('there is no management address to ask for');
      const interfaces = networkInterfaces();
      const segment = segmentOf(address.value, interfaces);
      if (!segment) return nowhere(`no interface of this machine lies in the network of ${address.value}`);
      const of = `${segment.link} ${address.value}`;
      const recent = kept?.of === of && performance.now() - kept.at < ASK_AGAIN_MS ? kept : undefined;
      const offerWaitMs = recent ? 0 : waitMs;
      // Loads a foreign-function library: only where there is something to ask.
      const { probeSegment } = await import('../../probes/segment/probe.ts');
      const { link, mac } = segment;
      const sight = await probeSegment({ link, mac, address: address.value, offerWaitMs, signal: limit.signal });
      const own = Object.values(interfaces).flatMap((infos) => (infos ?? []).map((info) => info.mac));
      const arp = answersIn(sight, segment, own);
      if (recent) return { arp, offeredBy: recent.offeredBy };
      const offeredBy = offersIn(sight, segment, address.value);
      if (offeredBy.known) kept = { of, at: performance.now(), offeredBy };
      return { arp, offeredBy };
    },
  };
}

function nowhere(detail: string): WireSight {
  return { arp: unknown('not-collected', 'ARP', detail), offeredBy: unknown('not-collected', 'DHCP', detail) };
}

/** Another interface of this machine in the same segment answers, too (arp_ignore 0): that is nobody else. */
function answersIn(
  sight: Reading<SegmentSight>,
  { link }: Segment,
  own: readonly string[],
): Reading<readonly string[]> {
  const answers = mapReading(sight, ({ answering }) => answering.filter((mac) => !own.includes(mac)));
  return { ...answers, source: `ARP on ${link}` };
}

/** Those who offer this very address to a stranger that would like it. */
function offersIn(sight: Reading<SegmentSight>, { link }: Segment, address: string): WireSight['offeredBy'] {
  const servers = mapReading(sight, ({ offers = [] }) =>
    offers.filter((offer) => offer.address === address).map(({ server, mac }) => ({ server, mac })),
  );
  return { ...servers, source: `DHCPDISCOVER on ${link}` };
}
