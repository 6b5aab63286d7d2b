import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Capture } from '../hosts/capture.ts';
import { journalDirectory, type StateEnvironment, stateDirectory } from '../remedies/state-directory.ts';
import { historyFrom, historyText, type LeaseRecord, withCounts } from './history.ts';

export interface HistoryKeeper {
  /**
   * Adds counts to a target's history and gives it back whole. A history that cannot be kept is none: looking must not
   * fail, or write where it may not, for the sake of a forecast. A file tree has no boots and keeps none.
   */
  remember(target: Capture['target'], counts: readonly LeaseRecord[]): readonly LeaseRecord[];
}

/** Histories beside the journals, in the state directory. */
export function historyKeeper(environment: StateEnvironment): HistoryKeeper {
  const state = stateDirectory(environment);
  return {
    remember(target, counts) {
      if (target.via !== 'local' && target.via !== 'ssh') return [];
      const path = join(dirname(journalDirectory(state, target)), 'leases.jsonl');
      const before = read(path);
      const after = withCounts(before, counts);
      if (after !== before) replace(path, historyText(after));
      return after;
    },
  };
}

function read(path: string): readonly LeaseRecord[] {
  try {
    return historyFrom(readFileSync(path, 'utf8'));
  } catch {
    return [];
  }
}

function replace(path: string, text: string): void {
  const temporary = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, text, { mode: 0o600 });
    renameSync(temporary, path);
  } catch {
    // A full disk or a read-only one: the next look counts again.
  }
}
