// What vitest's JSON report says, as `npm test` counts it.
import { existsSync, readFileSync } from 'node:fs';

/**
 * The tests that passed (a number), those that failed (`file`, `name`, `why`: the first lines of what was wrong) and the
 * full names of those that were skipped. What was not begun because its set-up failed has failed.
 */
export function readReport(path) {
  if (!existsSync(path)) return { passed: 0, failed: [], skipped: [] };
  const said = JSON.parse(readFileSync(path, 'utf8'));
  const files = said.testResults.map(readFile);
  return {
    passed: said.numPassedTests,
    failed: files.flatMap(({ failed }) => failed),
    skipped: files.flatMap(({ skipped }) => skipped),
  };
}

function readFile({ name: file, status, message, assertionResults: tests }) {
  const open = tests.filter((test) => test.status !== 'passed');
  if (status !== 'failed') return { failed: [], skipped: open.map(({ fullName }) => fullName) };
  const failed = open.map((test) => ({
    file,
    name: test.fullName,
    why: wrong(test.failureMessages.join('\n') || message),
  }));
  return { failed: failed.length > 0 ? failed : [{ file, name: 'does not load', why: wrong(message) }], skipped: [] };
}

/** What was wrong, and where it was noticed. */
function wrong(text) {
  const lines = text.trim().split('\n');
  const called = lines.filter((line) => /^\s+at /.test(line));
  return [...lines.filter((line) => !called.includes(line)).slice(0, 12), ...called.slice(0, 1)].join('\n');
}
