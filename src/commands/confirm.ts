import { createInterface } from 'node:readline/promises';
import { UsageError } from './usage.ts';

/**
 * Asks on a terminal whether to go on; anything but yes is no. Where nobody can answer, going on needs --yes: a
 * usage error, whose words end with `otherwise`.
 */
export async function confirm(question: string, yes: boolean, otherwise = ''): Promise<boolean> {
  if (yes) return true;
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) {
    throw new UsageError(`nobody can be asked here (no terminal); add --yes to go on${otherwise}`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^(y|yes|是)$/i.test((await terminal.question(question)).trim());
  } catch {
    // Ctrl-C or Ctrl-D at the question, which leaves the cursor behind it.
    process.stderr.write('\n');
    return false;
  } finally {
    terminal.close();
  }
}
