import { ProbeError } from '../probe-error.ts';
import { rawSockets } from '../raw-sockets.ts';
import { type Waiting, waiting } from '../readiness.ts';
import { openTaggedSocket } from '../tagged-socket.ts';
import type { Place, ProbeMachine, Sending } from './machine.ts';
import type { SeenFrame } from './packet.ts';
import type { Pcap } from './pcap.ts';
import { assembled, stationFilter } from './station-filter.ts';
import { tapUplink, type UplinkTap } from './uplink-tap.ts';

/** Where a machine's frames go and come from. */
export interface Ends {
  readonly mac: string;
  /** The VM's side of the probe's port. */
  readonly station: string;
  readonly uplinks: readonly string[];
  readonly pcap: Pcap | undefined;
  /** Throws a `ProbeError` when what is probed is gone. */
  readonly assertThere: () => void;
  /** Milliseconds after which it is over, whatever the machine says. */
  readonly limitMs: number;
  /** Ends it before its time. */
  readonly signal: AbortSignal | undefined;
}

/** At most so many frames of a socket between two looks at the clock. */
const FRAMES_A_TURN = 256;
const TURN_MS = 250;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What gives back the leases of the probes that run in this process. */
const stops = new Set<() => void>();

/** Before the interfaces go: whoever made them listens too, and was there first. */
function onSignal(): void {
  for (const stop of stops) stopQuietly(stop);
  stops.clear();
  guard(false);
}

/** The signal then ends the process as if nobody had listened. */
function guard(on: boolean): void {
  for (const signal of SIGNALS) {
    if (on) process.prependListener(signal, onSignal);
    else process.off(signal, onSignal);
  }
}

/**
 * Runs a machine to its end on real sockets. A signal that ends the process first gives back what was leased; so does aborting
 * `ends.signal`.
 *
 * @throws ProbeError
 */
export async function drive(machine: ProbeMachine, ends: Ends): Promise<void> {
  const { pcap, mac } = ends;
  const c = await rawSockets();
  const watch = () => assembled(stationFilter({ mac, addresses: machine.addresses }));
  const taps = new Map<string, UplinkTap>();
  const end = performance.now() + ends.limitMs;
  const socket = await openTaggedSocket(ends.station, watch());
  let heard = machine.addresses.join();
  let failure: unknown;
  let pause: Waiting | undefined;

  function send({ place, frame }: Sending): void {
    pcap?.write({ bytes: frame }, new Date());
    if (place.at === 'station') socket.send(frame);
    else sendOut(taps.get(place.name), frame);
  }
  function perform(sendings: readonly Sending[]): void {
    for (const sending of sendings) send(sending);
    const addresses = machine.addresses.join();
    if (addresses === heard) return;
    heard = addresses;
    socket.filter(watch());
  }
  function hear(place: Place, frame: SeenFrame): void {
    pcap?.write(frame, new Date());
    perform(machine.hear(performance.now(), place, frame));
  }
  function tap(name: string): Promise<UplinkTap> {
    return tapUplink(name, {
      mac,
      hear(frame) {
        hear({ at: 'uplink', name }, frame);
        pause?.end();
      },
      fail(error) {
        failure ??= error;
        pause?.end();
      },
    });
  }
  let thereAt = Number.NEGATIVE_INFINITY;
  /** A question to the kernel: among hundreds of probes one for every frame would be dear. */
  function lookWhetherThere(now: number): void {
    if (now - thereAt < TURN_MS) return;
    ends.assertThere();
    thereAt = now;
  }
  async function run(): Promise<void> {
    perform(machine.start(performance.now()));
    while (!machine.over) {
      pause = waiting(c, [socket.descriptor], Math.min(TURN_MS, machine.wakeAt - performance.now()));
      await pause.over;
      if (failure !== undefined) throw failure;
      if (ends.signal?.aborted) throw new ProbeError('not-collected', 'the probe was ended before its time');
      lookWhetherThere(performance.now());
      for (const frame of socket.take(FRAMES_A_TURN)) hear({ at: 'station' }, frame);
      perform(machine.tick(performance.now()));
      if (performance.now() > end) throw new ProbeError('failed', 'the probe came to no end in its time');
    }
  }

  const stop = (): void => perform(machine.stop(performance.now()));
  const wake = (): void => pause?.end();
  try {
    for (const name of ends.uplinks) taps.set(name, await tap(name));
    if (stops.size === 0) guard(true);
    stops.add(stop);
    ends.signal?.addEventListener('abort', wake);
    await run();
  } finally {
    ends.signal?.removeEventListener('abort', wake);
    if (stops.delete(stop) && stops.size === 0) guard(false);
    if (!machine.over) stopQuietly(stop);
    for (const { close } of taps.values()) close();
    socket.close();
  }
}

/** On the way out: the failure or the signal is what is to be told. */
function stopQuietly(stop: () => void): void {
  try {
    stop();
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
  }
}

/** An uplink that went down takes nothing: that is seen by what does not come back. */
function sendOut(tap: UplinkTap | undefined, frame: Uint8Array): void {
  try {
    tap?.send(frame);
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
  }
}
