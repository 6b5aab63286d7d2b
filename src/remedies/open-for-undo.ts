import type { Bilingual } from '../lang.ts';
import { type Runs, setCorruptAside } from './interrupted.ts';
import { type Journal, JournalError, readOnlyJournal, reopenJournal } from './journal.ts';
import type { Lock } from './run-lock.ts';
import type { RunRecord } from './run-record.ts';

type Held = Extract<Lock, { held: true }>;

export interface ToUndo {
  readonly directory: string;
  readonly run: RunRecord;
  /** Of the whole directory: what is corrupt is put aside. */
  readonly found: Runs;
  /** Takes the run lock. Throws JournalError. */
  readonly lock: () => Promise<Held>;
}

export interface OpenedForUndo {
  readonly journal: Journal;
  readonly notices: readonly Bilingual[];
  release(): void;
}

const UNWRITABLE = new Set(['ENOSPC', 'EROFS', 'EDQUOT']);

/**
 * What a run changed can be taken back also where nothing can be written any more (a full disk, a file system gone
 * read-only): then without lock and record. Who else holds the lock, or may not have it, is turned away: throws JournalError.
 */
export async function openForUndo({ directory, run, found, lock }: ToUndo): Promise<OpenedForUndo> {
  let held: Held | undefined;
  try {
    held = await lock();
    const notices = setCorruptAside(directory, found);
    return { journal: reopenJournal(directory, run.run), notices, release: held.release };
  } catch (error) {
    held?.release();
    if (!(error instanceof JournalError) || !UNWRITABLE.has(error.code)) throw error;
    const { en, 'zh-CN': zh } = error.words;
    const notice: Bilingual = {
      en: `what is taken back cannot be recorded: ${en}`,
      'zh-CN': `撤销过程无法记录：${zh}`,
    };
    return { journal: readOnlyJournal(directory, run), notices: [notice], release: () => undefined };
  }
}
