import type { Entry } from './capture.ts';
import type { RunResult } from './host.ts';
import { firstLine } from './sanitise.ts';

const DENIED =
  /permission denied|operation not permitted|must be (run as )?root|you must be root|are you root|not authorized/i;

/** What to make of a command that ran: standard output where it succeeded, else the reason it gave. */
export function entryOf(program: string, result: RunResult, timeoutMs: number): Entry {
  const said = firstLine(result.stderr);
  if (result.timedOut) return { state: 'failed', detail: `${program}: timed out after ${timeoutMs / 1000} s` };
  if (!result.failed) return { state: 'ok', text: result.stdout };
  if (result.exitCode === 127) return { state: 'absent', detail: said || notFound(program) };
  if (result.exitCode === 126 || DENIED.test(result.stderr)) {
    return { state: 'denied', detail: said || `${program}: permission denied` };
  }
  return { state: 'failed', detail: said || howItEnded(program, result.exitCode) };
}

export function notFound(program: string): string {
  return `${program}: not found on the search path`;
}

export function notLoadedFor(program: string, module: string): Entry {
  return { state: 'absent', detail: `${program} was not run: it would load ${module}` };
}

export function notAskedFor(program: string, onlyIf: string): Entry {
  return { state: 'absent', detail: `${program} was not run: there is no ${onlyIf}` };
}

function howItEnded(program: string, exitCode: number | null): string {
  return exitCode === null ? `${program}: killed by a signal` : `${program}: exit status ${exitCode}`;
}
