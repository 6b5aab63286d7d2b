import { sourceOf } from '../hosts/ask.ts';
import type { CaptureView } from '../hosts/capture.ts';
import { CLOCK_OFFSET_SOURCE, CLOCK_SOURCE } from '../hosts/draft.ts';
import { known, mapReading, type Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';

export interface TimeSync {
  /** The node's clock when it answered, RFC 3339 with milliseconds where the node can tell them. */
  readonly clock: Reading<string>;
  /** Node's clock minus the observer's, in seconds, half the round trip taken off; 0 on the local host. */
  readonly offsetSeconds: Reading<number>;
  /** A time service says it is synchronised. */
  readonly synchronized: Reading<boolean>;
}

const TIMEDATE = ['timedatectl', 'show'] as const;
const CHRONY = ['chronyc', '-c', 'tracking'] as const;
/** systemd-timesyncd makes a file `synchronized` here once it has set the clock (systemd-timesyncd.service(8)). */
const TIMESYNC = '/run/systemd/timesync';

/** busybox's date knows no %N and prints it otherwise: whole seconds then. */
function momentFrom(text: string): Date {
  const [, seconds, fraction = ''] = /^(\d{1,12})(?:\.(\d{1,9})\b)?/.exec(text) ?? [];
  if (seconds === undefined) throw new Error('line 1: not a time');
  return new Date(Number(seconds) * 1000 + Number(fraction.padEnd(3, '0').slice(0, 3)));
}

function secondsFrom(text: string): number {
  if (!/^-?\d{1,12}(\.\d{1,9})?$/.test(text.trim())) throw new Error('line 1: not a number of seconds');
  return Number(text);
}

/** The kernel's own word (timedatectl shows adjtimex's), else chrony's, else timesyncd's mark; only the mark's presence tells. */
function synchronizedOf(view: CaptureView): Reading<boolean> {
  const kernel = mapReading(view.text(sourceOf(TIMEDATE)), (text) => {
    const value = /^NTPSynchronized=(yes|no)$/m.exec(text)?.[1];
    if (value === undefined) throw new Error('no NTPSynchronized= line');
    return value === 'yes';
  });
  if (kernel.known) return kernel;
  const chrony = mapReading(view.text(sourceOf(CHRONY)), chronySynchronized);
  if (chrony.known) return chrony;
  const marks = view.list(TIMESYNC);
  if (marks.known && marks.value.some(({ name }) => name === 'synchronized')) {
    return known(true, `${TIMESYNC}/synchronized`);
  }
  return kernel;
}

/** The last of 14 fields is the leap status; `Not synchronised` is the one that says no (chronyc(1), tracking). */
function chronySynchronized(text: string): boolean {
  const fields = text.trim().split(',');
  const leap = fields[13];
  if (leap === undefined) throw new Error(`line 1: expected 14 fields, found ${fields.length}`);
  return leap !== 'Not synchronised';
}

/** The clock itself needs no ask: every live host tells it, with the offset, for each collection. */
export const timeSync = subject<TimeSync>({
  asks: [
    { kind: 'run', argv: TIMEDATE, timeoutMs: 5_000 },
    { kind: 'run', argv: CHRONY, timeoutMs: 5_000 },
    { kind: 'list', path: TIMESYNC },
  ],
  parse: (view) => ({
    clock: mapReading(view.text(CLOCK_SOURCE), (text) => momentFrom(text).toISOString()),
    offsetSeconds: mapReading(view.text(CLOCK_OFFSET_SOURCE), secondsFrom),
    synchronized: synchronizedOf(view),
  }),
});
