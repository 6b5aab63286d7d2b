import { sourceOf } from '../hosts/ask.ts';
import { type ActingHost, HostError, type RunResult } from '../hosts/host.ts';
import { lastLine } from '../hosts/sanitise.ts';

/** Runs a command that must succeed; its own last words become the error. */
export async function runOrThrow(host: ActingHost, argv: readonly string[]): Promise<RunResult> {
  const result = await host.run(argv);
  if (!result.failed) return result;
  const said = lastLine(result.stderr) || lastLine(result.stdout) || ending(result);
  throw new HostError(`${sourceOf(argv)}: ${said}`, result.timedOut ? 'ETIMEDOUT' : 'EFAILED');
}

function ending({ timedOut, exitCode }: RunResult): string {
  if (timedOut) return 'it did not end in time';
  return exitCode === null ? 'it could not be run, or was killed' : `it ended with status ${exitCode}`;
}
