import { createInterface } from 'node:readline/promises';
import { UsageError } from './usage.ts';

/**
 * Asks on a terminal whether to go on; anything but yes is no. Where nobody can answer, going on needs --yes: a
 * usage error.
 */
export async function confirm(question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) {
    throw new UsageError('nobody can be asked here (no terminal); add --yes to go on, or --dry-run to only look');
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^(y|yes|是)$/i.test((await terminal.question(question)).trim());
  } catch {
    // Ctrl-C or Ctrl-D at the question.
    return false;
  } finally {
    terminal.close();
  }
}
