import { expect, test } from 'vitest';
import { exitStatus } from './exit-status.ts';
import { sampleFinding, sampleOther } from './sample-report.ts';

const critical = sampleFinding();
const warning = sampleFinding({ severity: 'warning' });
const note = sampleFinding({ severity: 'info' });
const settling = sampleFinding({ phase: 'settling' });
const blind = sampleOther('unknown', { severity: 'warning' });
const aside = sampleOther('unknown', { severity: 'info' });

test.each([
  ['nothing judged', [], 0],
  ['all fine', [sampleOther('ok'), sampleOther('not-applicable')], 0],
  ['a critical problem', [critical], 1],
  ['a warning', [warning], 1],
  ['a note', [note], 0],
  ['an unknown that matters', [sampleOther('ok'), blind], 3],
  ['an unknown the answer does not need', [aside], 0],
  ['a problem beside an unknown', [blind, warning], 1],
  ['what is still settling', [settling, aside], 3],
  ['a warning beside what is settling', [settling, warning], 1],
  ['a note beside an unknown', [blind, note], 3],
] as const)('%s', (_name, findings, status) => {
  expect(exitStatus(findings)).toBe(status);
});

test('--fail-on critical narrows 1 and nothing else', () => {
  expect(exitStatus([warning], 'critical')).toBe(0);
  expect(exitStatus([warning, blind], 'critical')).toBe(3);
  expect(exitStatus([warning, critical], 'critical')).toBe(1);
});

test('info never makes a 1, even when asked for', () => {
  expect(exitStatus([note], 'info')).toBe(0);
});
