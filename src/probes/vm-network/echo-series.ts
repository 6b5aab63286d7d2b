import type { EchoPacket } from './packet.ts';
import { echoFrame, type Way } from './station.ts';

/** A counted series of ICMP echo requests. Pure. */
export interface EchoSeries {
  start(now: number): readonly Uint8Array[];
  hear(now: number, packet: EchoPacket): void;
  tick(now: number): readonly Uint8Array[];
  readonly wakeAt: number | undefined;
  readonly done: boolean;
  readonly sent: number;
  /** Requests that were answered; a second answer to one counts no more. */
  readonly answered: number;
  /** Round trips in milliseconds, in the order of the answers. */
  readonly roundTrips: readonly number[];
}

const INTERVAL_MS = 100;
/** After the last request. */
const PATIENCE_MS = 1000;

export function echoSeries(way: Way, identifier: number, count: number): EchoSeries {
  const sentAt: number[] = [];
  const roundTrips = new Map<number, number>();
  let done = false;
  const send = (now: number): readonly Uint8Array[] => {
    sentAt.push(now);
    return [echoFrame(way, identifier, sentAt.length)];
  };
  const next = () => (sentAt.at(-1) ?? 0) + (sentAt.length < count ? INTERVAL_MS : PATIENCE_MS);
  return {
    get done() {
      return done;
    },
    get sent() {
      return sentAt.length;
    },
    get answered() {
      return roundTrips.size;
    },
    get roundTrips() {
      return [...roundTrips.values()];
    },
    get wakeAt() {
      return done ? undefined : next();
    },
    start: send,
    hear(now, { source, destination, echo }) {
      if (echo.kind !== 'reply' || echo.identifier !== identifier) return;
      if (source !== way.destination || destination !== way.source) return;
      const at = sentAt[echo.sequence - 1];
      if (at === undefined || roundTrips.has(echo.sequence)) return;
      roundTrips.set(echo.sequence, now - at);
      if (roundTrips.size === count) done = true;
    },
    tick(now) {
      if (done || now < next()) return [];
      if (sentAt.length < count) return send(now);
      done = true;
      return [];
    },
  };
}
