import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { JournalError, makeJournalDirectory } from './journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'hayward-journal-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('makes every directory that is missing, for its owner alone, and again is no error', () => {
  const journal = join(folder, 'state/hosts/n/journal');
  makeJournalDirectory(journal);
  makeJournalDirectory(journal);
  for (const path of [journal, join(folder, 'state')]) expect(statSync(path).mode & 0o777).toBe(0o700);
});

it('says where a directory cannot be made, and does not try for ever', () => {
  expect(() => makeJournalDirectory('/proc/hayward-nowhere/journal')).toThrow(JournalError);
  writeFileSync(join(folder, 'file'), '');
  expect(() => makeJournalDirectory(join(folder, 'file/journal'))).toThrow(JournalError);
  expect(existsSync(join(folder, 'file/journal'))).toBe(false);
});
