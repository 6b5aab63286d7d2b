import { rawSockets } from '../raw-sockets.ts';
import { type Waiting, waiting } from '../readiness.ts';
import { openTaggedSocket, type TaggedSocket } from '../tagged-socket.ts';
import { decode, type Packet, type SeenFrame } from './packet.ts';
import { assembled, stationsFilter } from './station-filter.ts';

/** A station that wants to see its own frames, and those for it, at an uplink. */
export interface Station {
  readonly mac: string;
  hear(frame: SeenFrame): void;
  /** The uplink can be watched no more. */
  fail(error: unknown): void;
}

export interface UplinkTap {
  /** Throws a `ProbeError`. */
  send(frame: Uint8Array): void;
  close(): void;
}

interface SharedTap {
  readonly socket: Promise<TaggedSocket>;
  readonly stations: Map<string, Station>;
  pause?: Waiting;
}

/** By the interface's index: one that was made anew under the same name is another. */
const taps = new Map<number, SharedTap>();
const FRAMES_A_TURN = 256;
const LONG_MS = 60_000;

/**
 * Watches an uplink of this network namespace for one station. All stations share one socket there, so that the node's traffic is
 * filtered once, however many networks are probed. Their addresses begin alike (`randomMac`).
 *
 * @throws ProbeError
 */
export async function tapUplink(link: string, station: Station): Promise<UplinkTap> {
  const index = Number((await rawSockets()).indexOf(link));
  const tap = taps.get(index) ?? shareTap(link, index, station.mac);
  tap.stations.set(station.mac, station);
  function close(): void {
    tap.stations.delete(station.mac);
    if (tap.stations.size === 0 && taps.get(index) === tap) taps.delete(index);
    if (tap.stations.size === 0) tap.pause?.end();
  }
  try {
    const socket = await tap.socket;
    return { send: (frame) => socket.send(frame), close };
  } catch (error) {
    close();
    throw error;
  }
}

function shareTap(link: string, index: number, mac: string): SharedTap {
  const socket = openTaggedSocket(link, assembled(stationsFilter(mac)), { promiscuous: true });
  const tap: SharedTap = { socket, stations: new Map() };
  taps.set(index, tap);
  // Whoever waits for the socket is told why there is none.
  void socket.then(
    (open) => listen(tap, open),
    () => undefined,
  );
  return tap;
}

/** Until nobody listens any more. */
async function listen(tap: SharedTap, socket: TaggedSocket): Promise<void> {
  const c = await rawSockets();
  try {
    while (tap.stations.size > 0) {
      tap.pause = waiting(c, [socket.descriptor], LONG_MS);
      await tap.pause.over;
      for (const frame of socket.take(FRAMES_A_TURN)) deliver(tap, frame);
    }
  } catch (error) {
    for (const { fail } of tap.stations.values()) fail(error);
  } finally {
    socket.close();
  }
}

function deliver({ stations }: SharedTap, frame: SeenFrame): void {
  const packet = decode(frame);
  for (const mac of packet ? macsOf(packet) : []) {
    const station = stations.get(mac);
    if (!station) continue;
    try {
      station.hear(frame);
    } catch (error) {
      station.fail(error);
    }
  }
}

/** Whom a frame may concern: its two ends, and the client of a DHCP message. */
function macsOf(packet: Packet): ReadonlySet<string> {
  const { sourceMac, destinationMac } = packet;
  return new Set([sourceMac, destinationMac, packet.kind === 'dhcp' ? packet.message.clientMac : sourceMac]);
}
