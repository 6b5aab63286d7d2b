import type { Lang } from '../lang.ts';
import { type Runs, readRuns } from '../remedies/interrupted.ts';
import { JournalError } from '../remedies/journal.ts';
import { UsageError } from './usage.ts';

/** The runs of one target; journals that may not be read at all are unreadable input, a UsageError. */
export function readableRuns(directory: string, lang: Lang): Runs {
  try {
    return readRuns(directory);
  } catch (error) {
    if (error instanceof JournalError) throw new UsageError(error.words[lang]);
    throw error;
  }
}
