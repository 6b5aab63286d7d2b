import { harmless } from '../hosts/sanitise.ts';

/** Progress of work over a second, on standard error and only where somebody watches. */
export interface Progress {
  update(text: string): void;
  /** Clears the line. */
  end(): void;
}

const QUIET: Progress = { update() {}, end() {} };

/** A line that redraws itself, from `afterMs` on, so that quick work shows nothing at all. */
export function progressLine(enabled: boolean, afterMs = 700): Progress {
  if (!enabled || process.stderr.isTTY !== true) return QUIET;
  const start = Date.now();
  let shown = false;
  return {
    update(text) {
      if (Date.now() - start < afterMs) return;
      shown = true;
      process.stderr.write(`\r\x1b[K${harmless(text).slice(0, (process.stderr.columns ?? 80) - 1)}`);
    },
    end() {
      if (shown) process.stderr.write('\r\x1b[K');
    },
  };
}
