import { homedir } from 'node:os';
import { join } from 'node:path';

/** What decides where state is kept, read once by the command. */
export interface StateEnvironment {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly root: boolean;
  /** This machine runs Harvester, where /var/lib is not kept over a reboot. */
  readonly harvester: boolean;
}

/** Where hayward keeps its state on this machine, as an absolute path. */
export function stateDirectory({ environment, root, harvester }: StateEnvironment): string {
  const own = environment['HAYWARD_STATE'];
  if (own) return own;
  const xdg = environment['XDG_STATE_HOME'];
  if (xdg) return join(xdg, 'hayward');
  if (!root) return join(environment['HOME'] || homedir(), '.local/state/hayward');
  return harvester ? '/usr/local/lib/hayward' : '/var/lib/hayward';
}

/**
 * Where the journals of one target are: this machine's own directly under the state directory, those of a node
 * reached over ssh beside them under its name, so that `undo` of one never finds runs of another.
 */
export function journalDirectory(stateDir: string, target: { readonly name: string; readonly via: string }): string {
  if (target.via === 'local') return join(stateDir, 'journal');
  // A name of dots alone would be a directory of its own.
  const name = encodeURIComponent(target.name).replaceAll('.', '%2E');
  return join(stateDir, 'hosts', name, 'journal');
}
