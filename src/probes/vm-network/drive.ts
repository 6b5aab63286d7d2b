import { ProbeError } from '../probe-error.ts';
import { framesOf, openTaggedSocket, type TaggedSocket } from '../tagged-socket.ts';
import type { Place, ProbeMachine, Sending } from './machine.ts';
import type { Pcap } from './pcap.ts';
import { assembled, stationFilter } from './station-filter.ts';

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
}

interface End {
  readonly place: Place;
  readonly socket: TaggedSocket;
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
 * Runs a machine to its end on real sockets. A signal that ends the process first gives back what was leased.
 *
 * @throws ProbeError
 */
export async function drive(machine: ProbeMachine, ends: Ends): Promise<void> {
  const open: End[] = [];
  const watch = () => assembled(stationFilter({ mac: ends.mac, addresses: machine.addresses }));
  try {
    open.push({ place: { at: 'station' }, socket: await openTaggedSocket(ends.station, watch()) });
    for (const name of ends.uplinks) {
      open.push({ place: { at: 'uplink', name }, socket: await openTaggedSocket(name, watch()) });
    }
    await run(machine, ends, open);
  } finally {
    for (const { socket } of open) socket.close();
  }
}

async function run(machine: ProbeMachine, ends: Ends, open: readonly End[]): Promise<void> {
  const { pcap } = ends;
  const sockets = open.map(({ socket }) => socket);
  const end = performance.now() + ends.limitMs;
  let heard = '';

  function perform(sendings: readonly Sending[]): void {
    for (const { place, frame } of sendings) {
      const to = open.find((one) => nameOf(one.place) === nameOf(place));
      pcap?.write({ bytes: frame }, new Date());
      if (to) send(to, frame);
    }
    const addresses = machine.addresses.join();
    if (addresses === heard) return;
    heard = addresses;
    const program = assembled(stationFilter({ mac: ends.mac, addresses: machine.addresses }));
    for (const socket of sockets) socket.filter(program);
  }

  function receive(): void {
    for (const { place, socket } of open)
      for (const frame of socket.take(FRAMES_A_TURN)) {
        pcap?.write(frame, new Date());
        perform(machine.hear(performance.now(), place, frame));
      }
  }

  const stop = (): void => perform(machine.stop(performance.now()));
  if (stops.size === 0) guard(true);
  stops.add(stop);
  try {
    perform(machine.start(performance.now()));
    while (!machine.over) {
      const wait = Math.min(TURN_MS, machine.wakeAt - performance.now());
      await framesOf(sockets, Math.max(0, wait));
      ends.assertThere();
      receive();
      perform(machine.tick(performance.now()));
      if (performance.now() > end) throw new ProbeError('failed', 'the probe came to no end in its time');
    }
  } finally {
    stops.delete(stop);
    if (stops.size === 0) guard(false);
    if (!machine.over) stopQuietly(stop);
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

const nameOf = (place: Place): string => (place.at === 'station' ? '' : place.name);

/** An uplink that went down takes nothing: that is seen by what does not come back. */
function send({ place, socket }: End, frame: Uint8Array): void {
  try {
    socket.send(frame);
  } catch (error) {
    if (place.at === 'station' || !(error instanceof ProbeError)) throw error;
  }
}
