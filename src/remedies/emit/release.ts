import { dirname } from 'node:path/posix';
import type { Step } from '../step.ts';

type Release = Extract<Step, { kind: 'release-lease' }>;

const HELD = '[ -f "$1" ] && [ ! -L "$1" ] && [ "$(tr "\\r" " " <"$1" | tr -s " \\n" " ")" = "$2" ]';
/** Looked at under host-local's own lock: nobody hands the address out meanwhile. */
const BY_FILE = `{ flock -x 9; if ${HELD}; then rm -f "$1"; echo changed; fi; } 9<"$3"`;
const BY_RUNTIME = `if ${HELD}; then crictl --runtime-endpoint "unix://$3" stopp "$4" >/dev/null; echo changed; fi`;

/**
 * Giving a dead sandbox's address back as a shell command's words, for others to carry out: nothing happens unless the
 * lease still is that sandbox's, whose id no other ever bears. Prints `changed` when it did something.
 */
export function releaseWords(step: Release): string[] {
  const { path, containerId, ifName, runtime } = step;
  const held = ifName === '' ? containerId : `${containerId} ${ifName}`;
  return runtime
    ? ['sh', '-c', BY_RUNTIME, 'sh', path, held, runtime.socket, containerId]
    : ['sh', '-c', BY_FILE, 'sh', path, held, `${dirname(path)}/lock`];
}
