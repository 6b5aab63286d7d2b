import { spawn } from 'node:child_process';

/** Takes a run down when this process ends without having done so, however it ends. */
export interface Keeper {
  /** It was done. */
  release(): void;
}

/** The last word decides: nothing, as when the pipe breaks, is the end of whoever held it. */
const WATCH = 'read -r word; [ "$word" = done ] || exec "$@"';

/**
 * A shell, in a session of its own out of the reach of Ctrl-C, waits for the end of a pipe from us; what it then runs takes the run
 * down. No memory but a shell's while all is well. `argv` is the command that does it.
 */
export function keeper(argv: readonly string[]): Keeper {
  const shell = spawn('sh', ['-c', WATCH, 'hayward-keeper', ...argv], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a shell the run's own time to live is all there is.
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  return {
    release() {
      shell.stdin.end('done\n');
    },
  };
}
