import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Shells that are /bin/sh on some node. */
export const SHELLS = ['/usr/bin/dash', '/usr/bin/bash', '/usr/bin/busybox'] as const;

export interface Transport {
  /** Stands for the ssh program: runs the command that ssh would have had run on the node, here. */
  readonly sshCommand: readonly string[];
  remove(): void;
}

/**
 * What a host behind ssh does, without the network between: the same scripts, read by a shell of this machine, with these
 * edits of sed(1) made on the way.
 */
export function shellTransport(shell: string, edits: readonly string[] = []): Transport {
  const folder = mkdtempSync(join(tmpdir(), 'hayward-shell-'));
  symlinkSync(shell, join(folder, 'sh'));
  const run = edits.length === 0 ? 'exec sh -c "$1"' : '/usr/bin/sed -u "$EDITS" | sh -c "$1"';
  const last = `while [ $# -gt 1 ]; do shift; done; ${run}`;
  return {
    sshCommand: ['env', `EDITS=${edits.join('\n')}`, `PATH=${folder}:/usr/bin:/bin`, 'sh', '-c', last, 'ssh'],
    remove: () => rmSync(folder, { recursive: true }),
  };
}
