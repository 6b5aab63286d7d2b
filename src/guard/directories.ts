import { join } from 'node:path';
import { type StateEnvironment, stateDirectory } from '../remedies/state-directory.ts';

/** Where a guard keeps what outlives it, and what does not. Absolute paths. */
export interface GuardDirectories {
  /** The history and the last good plan; kept over reboots. */
  readonly state: string;
  readonly history: string;
  readonly lastGood: string;
  /** The control socket and, where the system has no bpf file system, ours; gone with a reboot. */
  readonly run: string;
  readonly socket: string;
}

/** Where root's guard runs (systemd.exec(5), RuntimeDirectory=); open to nobody else. */
const SYSTEM_RUN = '/run/hayward';
const SOCKET = 'guard.sock';

/** The socket of the guard that root runs, which others ask in vain; undefined where one's own is meant. */
export function systemSocket({ environment, root }: StateEnvironment): string | undefined {
  const own = environment['HAYWARD_STATE'] || environment['XDG_STATE_HOME'];
  return root || own ? undefined : join(SYSTEM_RUN, SOCKET);
}

/** `HAYWARD_STATE` and `XDG_STATE_HOME` hold both; else root's run directory is /run/hayward. */
export function guardDirectories(environment: StateEnvironment): GuardDirectories {
  const state = join(stateDirectory(environment), 'guard');
  const own = environment.environment['HAYWARD_STATE'] || environment.environment['XDG_STATE_HOME'];
  const run = environment.root && !own ? SYSTEM_RUN : join(state, 'run');
  return {
    state,
    history: join(state, 'history.jsonl'),
    lastGood: join(state, 'last-good.json'),
    run,
    socket: join(run, SOCKET),
  };
}
