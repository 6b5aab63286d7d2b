import type { Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';

export interface TimeSync {
  /** The node's clock when it answered, RFC 3339 with milliseconds where the node can tell them. */
  readonly clock: Reading<string>;
  /** Node's clock minus the observer's, in seconds, half the round trip taken off; 0 on the local host. */
  readonly offsetSeconds: Reading<number>;
  /** A time service says it is synchronised. */
  readonly synchronized: Reading<boolean>;
}

export const timeSync = subject<TimeSync>({
  asks: [
    { kind: 'run', argv: ['date', '-u', '+%s.%N'] },
    { kind: 'run', argv: ['timedatectl', 'show'], timeoutMs: 5_000 },
    { kind: 'run', argv: ['chronyc', '-c', 'tracking'], timeoutMs: 5_000 },
    { kind: 'list', path: '/run/systemd/timesync' },
  ],
  parse: () => {
    throw new Error('unwritten');
  },
});
