import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { GuardEvent } from '../model.ts';

/** Two files of this size at most. */
const MOST_BYTES = 1_000_000;
const NEWLINE = '\n';

export interface History {
  /** Adds a line. A history that cannot be written is told once, and guarding goes on. */
  add(event: GuardEvent): void;
}

/**
 * What happened on this node, one JSON line an event: the present file and the one before it. Each line is one write, so
 * a cut leaves at most half a line at the end, which the next line is kept apart from.
 */
export function openHistory(path: string, complain: (why: string) => void): History {
  let told = false;
  let size = sizeOf(path);
  let broken = endsMidLine(path, size);
  function attempt(action: () => void): void {
    try {
      action();
      told = false;
    } catch (error) {
      if (!told) complain((error as Error).message);
      told = true;
    }
  }
  attempt(() => mkdirSync(dirname(path), { recursive: true, mode: 0o700 }));
  return {
    add(event) {
      attempt(() => {
        if (size > MOST_BYTES) {
          renameSync(path, `${path}.1`);
          size = 0;
        }
        const line = `${broken ? NEWLINE : ''}${JSON.stringify(event)}${NEWLINE}`;
        // A full disk takes a part of it.
        broken = true;
        appendFileSync(path, line, { mode: 0o600 });
        size += Buffer.byteLength(line);
        broken = false;
      });
    },
  };
}

/** The events of a history, oldest first; lines that are none (a cut, a stranger's edit) are left out and counted. */
export function readHistory(path: string): { readonly events: readonly GuardEvent[]; readonly unreadable: number } {
  const lines = [`${path}.1`, path].flatMap((file) => textOf(file).split(NEWLINE)).filter((line) => line !== '');
  const events = lines.flatMap((line) => eventIn(line) ?? []);
  return { events, unreadable: lines.length - events.length };
}

function eventIn(line: string): GuardEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const { at, type } = (value ?? {}) as Partial<GuardEvent>;
    return typeof at === 'string' && typeof type === 'string' ? (value as GuardEvent) : undefined;
  } catch {
    return undefined;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

function endsMidLine(path: string, size: number): boolean {
  return size > 0 && !textOf(path).endsWith(NEWLINE);
}
