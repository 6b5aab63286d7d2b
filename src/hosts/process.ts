import { readFileSync } from 'node:fs';

/** A process of this machine: its id may be given out again, and then the start differs. */
export interface ProcessSeen {
  readonly pid: number;
  /** Clock ticks since boot at which it started. */
  readonly start: number;
  /** One letter: R, S, D, Z (ended, not yet waited for), X … */
  readonly state: string;
}

/** A process by its pid, or this one, as /proc/PID/stat tells (proc_pid_stat(5), fields 1, 3 and 22); undefined where there is none. */
export function processAt(pid: number | 'self'): ProcessSeen | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The program's name in field 2 may hold blanks and brackets: count from its end.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { pid: Number.parseInt(text, 10), state: fields[0] ?? '', start: Number(fields[19]) };
}

/** Whether the process that had this pid and start still runs: one that has ended and was not waited for does not. */
export function stillRuns(pid: number, start: number): boolean {
  const found = processAt(pid);
  return found !== undefined && found.start === start && found.state !== 'Z' && found.state !== 'X';
}
