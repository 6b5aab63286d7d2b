import { NO_ADDRESS } from './dhcp-message.ts';
import type { ArpPacket } from './packet.ts';
import { arpQuestion } from './station.ts';

/** Asks by ARP for the gateway, without an address of its own, and notes everybody who answers. Pure. */
export interface GatewayQuery {
  start(now: number): readonly Uint8Array[];
  hear(now: number, packet: ArpPacket): void;
  tick(now: number): readonly Uint8Array[];
  readonly wakeAt: number | undefined;
  readonly asked: number;
  /** Asked as often as it is, and nobody answered. */
  readonly silent: boolean;
  /** Asked once more after the first answer, and another one had its time. */
  readonly settled: boolean;
  /** In the order of their answers. */
  readonly macs: readonly string[];
  readonly firstMs: number | undefined;
}

const ASK_AT = [0, 300, 700, 1200];
const SILENT_AT = 2000;
/** After the first answer, for a second station with the same address. */
const SETTLE_MS = 500;

export function gatewayQuery(mac: string, gateway: string): GatewayQuery {
  const macs: string[] = [];
  let begun = 0;
  let asked = 0;
  let firstAt: number | undefined;
  let confirmed = false;
  let done = false;
  const question = (): readonly Uint8Array[] => {
    asked += 1;
    return [arpQuestion(mac, NO_ADDRESS, gateway)];
  };
  const next = () => (firstAt === undefined ? begun + (ASK_AT[asked] ?? SILENT_AT) : firstAt + SETTLE_MS);
  return {
    macs,
    get asked() {
      return asked;
    },
    get firstMs() {
      return firstAt === undefined ? undefined : firstAt - begun;
    },
    get silent() {
      return done && firstAt === undefined;
    },
    get settled() {
      return done && firstAt !== undefined;
    },
    get wakeAt() {
      if (done) return undefined;
      return firstAt !== undefined && !confirmed ? firstAt : next();
    },
    start(now) {
      begun = now;
      return question();
    },
    hear(now, { arp }) {
      if (arp.operation !== 2 || arp.senderAddress !== gateway || arp.senderMac === mac) return;
      firstAt ??= now;
      if (!macs.includes(arp.senderMac)) macs.push(arp.senderMac);
    },
    tick(now) {
      if (done) return [];
      // Once more: the first question may have reached one of two only.
      if (firstAt !== undefined && !confirmed) {
        confirmed = true;
        return question();
      }
      if (now < next()) return [];
      if (firstAt !== undefined || asked >= ASK_AT.length) {
        done = true;
        return [];
      }
      return question();
    },
  };
}
