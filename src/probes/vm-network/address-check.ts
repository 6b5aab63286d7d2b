import { NO_ADDRESS } from './dhcp-message.ts';
import type { ArpPacket } from './packet.ts';
import { arpQuestion } from './station.ts';

/** Whether addresses are taken: asked for by ARP, as a station does before it uses one (RFC 5227). Pure. */
export interface AddressCheck {
  start(now: number): readonly Uint8Array[];
  hear(packet: ArpPacket): void;
  tick(now: number): readonly Uint8Array[];
  readonly wakeAt: number | undefined;
  readonly done: boolean;
  /** Nobody answered for these. */
  readonly free: readonly string[];
  /** By address, whose they are. */
  readonly taken: ReadonlyMap<string, string>;
}

/** RFC 5227 takes seconds, so that stations may sleep; in a probe's second those that are awake must do. */
const ASK_AT = [0, 100, 250];
const OVER_AT = 400;

export function addressCheck(mac: string, addresses: readonly string[]): AddressCheck {
  const taken = new Map<string, string>();
  let begun = 0;
  let asked = 0;
  let done = false;
  const questions = (): readonly Uint8Array[] => {
    asked += 1;
    return addresses.filter((one) => !taken.has(one)).map((one) => arpQuestion(mac, NO_ADDRESS, one));
  };
  return {
    taken,
    get done() {
      return done;
    },
    get free() {
      return addresses.filter((one) => !taken.has(one));
    },
    get wakeAt() {
      return done ? undefined : begun + (ASK_AT[asked] ?? OVER_AT);
    },
    start(now) {
      begun = now;
      return questions();
    },
    hear({ arp }) {
      if (arp.senderMac === mac) return;
      // Who asks for it with sender 0.0.0.0 is about to take it.
      const isClaim = arp.senderAddress === NO_ADDRESS && arp.operation === 1;
      const address = isClaim ? arp.targetAddress : arp.senderAddress;
      if (addresses.includes(address)) taken.set(address, arp.senderMac);
    },
    tick(now) {
      if (done || now < begun + (ASK_AT[asked] ?? OVER_AT)) return [];
      if (asked < ASK_AT.length) return questions();
      done = true;
      return [];
    },
  };
}
