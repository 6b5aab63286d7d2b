import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Access } from '../cluster/client/kubeconfig.ts';
import { type Memory, NO_MEMORY } from '../cluster/memory.ts';
import { memoryFrom, memoryText } from '../cluster/memory-text.ts';
import { type StateEnvironment, stateDirectory } from '../remedies/state-directory.ts';

/** What earlier looks at one cluster saw, kept from run to run. */
export interface MemoryKeeper {
  recall(): Memory;
  keep(memory: Memory): void;
}

/** Clusters that are remembered: of more the one that was looked at longest ago is forgotten. */
const MOST_CLUSTERS = 32;

/**
 * Keeps memories in the state directory, a file a cluster. A memory that cannot be read is none, and one that cannot be written is
 * not kept: looking must not fail for it. Written to one side and renamed, so that what is there is always whole.
 */
export function memoryKeeper(environment: StateEnvironment, access: Access): MemoryKeeper {
  const path = join(stateDirectory(environment), 'status', `${nameOf(access)}.json`);
  return {
    recall() {
      try {
        return memoryFrom(readFileSync(path, 'utf8'));
      } catch {
        return NO_MEMORY;
      }
    },
    keep(memory) {
      const temporary = `${path}.${process.pid}`;
      try {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        writeFileSync(temporary, memoryText(memory), { mode: 0o600 });
        renameSync(temporary, path);
        forgetOldest(dirname(path));
      } catch {
        // A full disk or a read-only one: the next run begins anew.
        discard(temporary);
      }
    },
  };
}

/** The same server by the same authority is the same cluster, whoever asks: what one sees good is good. */
function nameOf({ server, context, authority }: Access): string {
  return createHash('sha256')
    .update(JSON.stringify([server, context, authority]))
    .digest('hex')
    .slice(0, 16);
}

function forgetOldest(directory: string): void {
  const files = readdirSync(directory).map((name) => join(directory, name));
  if (files.length <= MOST_CLUSTERS) return;
  const byAge = files.map((file) => ({ file, at: statSync(file).mtimeMs })).sort((a, b) => b.at - a.at);
  for (const { file } of byAge.slice(MOST_CLUSTERS)) rmSync(file);
}

function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Where nothing could be written there is nothing to remove.
  }
}
