import { randomBytes } from 'node:crypto';
import type { Evidence } from '../judging/finding.ts';
import { ETHER_TYPE, parseEthernet, parseIpv4 } from './frames.ts';
import { openPacketSocket, type PacketSocket } from './packet-socket.ts';

/** What became of one kind of frame. It is sent again while none arrived, so `sent` 3 and `arrived` 0 is a loss. */
export interface Tally {
  readonly sent: number;
  readonly arrived: number;
  /** The IPv4 source it arrived with, where that is not the one it was sent with: something masquerades it. */
  readonly rewrittenSource?: string;
}

/** Bytes that tell this probe's frames from all others, whatever was rewritten in the headers before them. */
export interface Marker {
  readonly bytes: Uint8Array;
}

/** 17 bytes with the kind behind it: it fits into the padding of an ARP frame. */
export function newMarker(): Marker {
  return { bytes: Uint8Array.from([...Buffer.from('hayward '), ...randomBytes(8)]) };
}

/** What a frame of the `kind`-th sort carries. */
export function marked(marker: Marker, kind: number): Uint8Array {
  return Uint8Array.from([...marker.bytes, kind]);
}

/** Which sort of frame this is, undefined when it is none of this probe's. */
export function kindOf(marker: Marker, frame: Uint8Array): number | undefined {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  const found = bytes.indexOf(marker.bytes);
  return found < 0 ? undefined : bytes[found + marker.bytes.length];
}

/** One frame of each kind, by the kind's name. */
export type Frames = Readonly<Record<string, Uint8Array>>;
export type Tallies<F extends Frames> = { readonly [K in keyof F]: Tally };

/** How often, and how long each time. On one machine a frame takes microseconds: what is not there by then is lost. */
const ROUNDS = 3;
const ROUND_MS = 150;

function sourceOf(frame: Uint8Array): string | undefined {
  const ethernet = parseEthernet(frame);
  return ethernet?.etherType === ETHER_TYPE.ipv4 ? parseIpv4(ethernet.payload)?.source : undefined;
}

/**
 * Sends each frame at one socket and watches for it at the other, again up to three times while it does not come.
 * Each frame must carry `marked(marker, its place in frames)`.
 *
 * @throws ProbeError when a socket fails, for example because its interface vanished
 */
async function fireVolley<F extends Frames>(
  way: { readonly from: PacketSocket; readonly to: PacketSocket },
  marker: Marker,
  frames: F,
): Promise<Tallies<F>> {
  const shots = Object.entries(frames).map(([kind, frame]) => ({
    kind,
    frame,
    sent: 0,
    arrived: 0,
    source: sourceOf(frame),
  }));
  const rewritten = new Map<string, string>();
  const missing = (): typeof shots => shots.filter(({ arrived }) => arrived === 0);

  function note(frame: Uint8Array): void {
    const shot = shots[kindOf(marker, frame) ?? -1];
    if (!shot) return;
    shot.arrived += 1;
    const source = sourceOf(frame);
    if (shot.source !== undefined && source !== undefined && source !== shot.source) rewritten.set(shot.kind, source);
  }

  for (let round = 0; round < ROUNDS && missing().length > 0; round += 1) {
    for (const shot of missing()) {
      way.from.send(shot.frame);
      shot.sent += 1;
    }
    const deadline = performance.now() + ROUND_MS;
    while (missing().length > 0 && performance.now() < deadline)
      for (const frame of await way.to.receive(deadline - performance.now())) note(frame);
  }
  const tallies = shots.map(({ kind, sent, arrived }) => {
    const source = rewritten.get(kind);
    return [kind, { sent, arrived, ...(source === undefined ? {} : { rewrittenSource: source }) }] as const;
  });
  return Object.fromEntries(tallies) as Tallies<F>;
}

/**
 * Opens a socket at each end, fires a volley of the frames made for its marker, and closes both.
 *
 * @throws ProbeError
 */
export async function shoot<F extends Frames>(
  links: { readonly from: string; readonly to: string },
  framesFor: (marker: Marker) => F,
): Promise<Tallies<F>> {
  const from = await openPacketSocket(links.from);
  try {
    // The frames are for a station behind the far end: addressed to this machine its own stack would take them.
    const to = await openPacketSocket(links.to, { promiscuous: true });
    try {
      const marker = newMarker();
      return await fireVolley({ from, to }, marker, framesFor(marker));
    } finally {
      to.close();
    }
  } finally {
    from.close();
  }
}

/** A tally as one line of evidence. */
export function tallyEvidence(what: string, tally: Tally): Evidence {
  const rewritten = tally.rewrittenSource === undefined ? '' : `, source rewritten to ${tally.rewrittenSource}`;
  return { source: what, value: `sent ${tally.sent}, arrived ${tally.arrived}${rewritten}` };
}
