import type { CaptureView } from '../hosts/capture.ts';
import { mapReading, type Reading } from '../hosts/reading.ts';

/** Boot time in seconds since 1970 by the node's clock: `btime` of /proc/stat. */
export function bootSecondsOf(view: CaptureView): Reading<number> {
  return mapReading(view.text('/proc/stat'), (text) => {
    const seconds = /^btime (\d{1,12})$/m.exec(text)?.[1];
    if (seconds === undefined) throw new Error('no btime line with a number');
    return Number(seconds);
  });
}

/** Boot time, RFC 3339. */
export function bootTimeOf(view: CaptureView): Reading<string> {
  return mapReading(bootSecondsOf(view), (seconds) => new Date(seconds * 1000).toISOString());
}

/** Seconds since the node booted, the time it slept included: the first number of /proc/uptime. */
export function uptimeSecondsOf(view: CaptureView): Reading<number> {
  return mapReading(view.text('/proc/uptime'), (text) => {
    const seconds = /^\d+(\.\d+)?(?=\s|$)/.exec(text)?.[0];
    if (seconds === undefined) throw new Error('line 1, field 1: not a number of seconds');
    return Number(seconds);
  });
}
