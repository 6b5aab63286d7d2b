import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

interface Failed {
  readonly file: string;
  readonly name: string;
  readonly why: string;
}

const MODULE = new URL('../../scripts/test-report.mjs', import.meta.url).href;
const { readReport } = (await import(MODULE)) as {
  readReport(path: string): { passed: number; failed: readonly Failed[]; skipped: readonly string[] };
};

const folder = mkdtempSync(join(tmpdir(), 'hayward-report-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function reportOf(testResults: readonly object[]) {
  const path = join(folder, 'report.json');
  writeFileSync(path, JSON.stringify({ numPassedTests: 1, testResults }));
  return readReport(path);
}

const PASSED = { fullName: 'stands', status: 'passed', failureMessages: [] };
const STACK = 'Error: 1 is not 2\n    at ours.test.ts:3:1\n    at vitest.js:1:1';

it('tells what was wrong and where it was noticed, and what was left out', () => {
  const failed = { fullName: 'falls', status: 'failed', failureMessages: [STACK] };
  const left = { fullName: 'waits', status: 'skipped', failureMessages: [] };
  expect(
    reportOf([
      { name: 'a.test.ts', status: 'failed', message: '', assertionResults: [PASSED, failed] },
      { name: 'b.test.ts', status: 'passed', message: '', assertionResults: [left] },
    ]),
  ).toEqual({
    passed: 1,
    failed: [{ file: 'a.test.ts', name: 'falls', why: 'Error: 1 is not 2\n    at ours.test.ts:3:1' }],
    skipped: ['waits'],
  });
});

it('calls failed what was never begun, as its set-up failed or its file does not load', () => {
  const left = { fullName: 'waits', status: 'skipped', failureMessages: [] };
  expect(
    reportOf([
      { name: 'a.test.ts', status: 'failed', message: 'no set-up', assertionResults: [PASSED, left] },
      { name: 'b.test.ts', status: 'failed', message: 'no such module', assertionResults: [] },
    ]),
  ).toEqual({
    passed: 1,
    failed: [
      { file: 'a.test.ts', name: 'waits', why: 'no set-up' },
      { file: 'b.test.ts', name: 'does not load', why: 'no such module' },
    ],
    skipped: [],
  });
});

it('reads a run that left no report as one that tells nothing', () => {
  expect(readReport(join(folder, 'none.json'))).toEqual({ passed: 0, failed: [], skipped: [] });
});
