import type { Entry } from '../src/hosts/capture.ts';
import { CLOCK_SOURCE } from '../src/hosts/draft.ts';
import type { ActingHost } from '../src/hosts/host.ts';
import { localHost } from '../src/hosts/local.ts';
import { NAMESPACES_SOURCE } from '../src/snapshot/namespaces.ts';

/** A node's two clocks, which stand still until they are told to go on. */
export interface StagedClock {
  /** Milliseconds since 1970, right or wrong. */
  readonly nowMs: number;
  /** Milliseconds since the node booted. */
  readonly uptimeMs: number;
  /** What the clock said at the boot. */
  readonly startedMs: number;
  /** Time passes, for both. */
  pass(ms: number): void;
  /** Somebody (NTP, an operator) sets the clock; time does not pass. */
  set(nowMs: number): void;
}

/** The clocks of a node that boots now. */
export function stagedClock(startedMs: number): StagedClock {
  let [nowMs, uptimeMs] = [startedMs, 0];
  return {
    get nowMs() {
      return nowMs;
    },
    get uptimeMs() {
      return uptimeMs;
    },
    startedMs,
    pass(ms) {
      nowMs += ms;
      uptimeMs += ms;
    },
    set(to) {
      nowMs = to;
    },
  };
}

/**
 * This machine with its real files, locks and runtime sockets, but with a clock of the test's own, and with no process,
 * interface or route but those of `kernel`, in the lines of snapshot/namespaces.ts.
 */
export function stagedHost(clock: StagedClock, kernel: () => readonly string[] = () => []): ActingHost {
  const real = localHost();
  return {
    ...real,
    async collect(asks, options) {
      const capture = await real.collect(
        asks.filter(({ kind }) => kind !== 'run'),
        options,
      );
      const seconds = (ms: number) => String(ms / 1000);
      const bootMs = clock.nowMs - clock.uptimeMs;
      const namespaces = ['self 4 100', 'pid 1 100', `started ${seconds(clock.startedMs)}`, ...kernel()];
      const staged = {
        [CLOCK_SOURCE]: seconds(clock.nowMs),
        '/proc/stat': `btime ${Math.floor(bootMs / 1000)}\n`,
        '/proc/uptime': `${seconds(clock.uptimeMs)} 0.00\n`,
        [NAMESPACES_SOURCE]: namespaces.join('\n'),
        'ip -j addr show': '[]',
        'ip -j -4 route show table all': '[]',
        'ip -j -6 route show table all': '[]',
      };
      const entries = Object.entries(staged).map(([source, text]): [string, Entry] => [source, { state: 'ok', text }]);
      return { ...capture, entries: { ...capture.entries, ...Object.fromEntries(entries) } };
    },
  };
}
