import { randomInt } from 'node:crypto';
import { known, type Reading } from '../../hosts/reading.ts';
import { ProbeError, readingOf } from '../probe-error.ts';
import { framesOf, openTaggedSocket } from '../tagged-socket.ts';
import { randomMac } from '../throwaway-veth.ts';
import { assembled, stationFilter } from '../vm-network/station-filter.ts';
import { addressInquiry, type SegmentSight } from './address-inquiry.ts';

export interface SegmentRequest {
  /** An interface of the segment that is up; a VLAN's own device where it is tagged. */
  readonly link: string;
  /** Its hardware address. */
  readonly mac: string;
  /** IPv4. */
  readonly address: string;
  /** Milliseconds to wait for a DHCP server's first offer; 0: none is asked. */
  readonly offerWaitMs: number;
  readonly signal: AbortSignal;
}

/** At most so many frames between two looks at the clock. */
const FRAMES_A_TURN = 256;
const TURN_MS = 250;

/**
 * Asks a segment by raw frames who answers for an address and who would hand it out: see `addressInquiry`. Takes no address, opens no
 * port, leaves nothing behind. `denied` without CAP_NET_RAW.
 */
export function probeSegment(request: SegmentRequest): Promise<Reading<SegmentSight>> {
  const { link, mac, address, offerWaitMs, signal } = request;
  const source = `ARP and DHCP on ${link}`;
  return readingOf(source, async () => {
    const stranger = { mac: randomMac(), transaction: randomInt(2 ** 32) };
    const inquiry = addressInquiry({ address, mac, offerWaitMs, ...(offerWaitMs > 0 && { stranger }) });
    // Of the stranger, not of this interface: all the machine's own traffic would come in.
    const filter = assembled(stationFilter({ mac: stranger.mac, addresses: [address] }));
    const socket = await openTaggedSocket(link, filter);
    const send = (frames: readonly Uint8Array[]): void => {
      for (const frame of frames) socket.send(frame);
    };
    try {
      send(inquiry.start(performance.now()));
      while (!inquiry.over) {
        if (signal.aborted) throw new ProbeError('failed', `${link}: given up before the answers were in`);
        await framesOf([socket], Math.max(0, Math.min(TURN_MS, inquiry.wakeAt - performance.now())));
        for (const frame of socket.take(FRAMES_A_TURN)) inquiry.hear(performance.now(), frame);
        send(inquiry.tick(performance.now()));
      }
      return known(inquiry.sight(), source);
    } finally {
      socket.close();
    }
  });
}
