import { expect, it } from 'vitest';
import type { NodeReport } from './node-report.ts';
import { makeSettling } from './settling.ts';

const report = (value: string) => ({ takenAt: '', settings: { a: value }, findings: [] }) as unknown as NodeReport;

/** What becomes of looks 5 s apart; `-`: nothing new to say. */
function ripe(looks: string, urgent = false): string {
  const settling = makeSettling();
  return [...looks]
    .map((value, at) => (settling.ripe(value === '-' ? undefined : report(value), urgent, at * 5_000) ? '!' : '.'))
    .join('');
}

it.each([
  ['what was never said is said at once', '0', true, '!'],
  ['what two looks see is said', '00', false, '.!'],
  ['what was put right between them is not', '0-', false, '..'],
  ['nor what was otherwise in between', '0-0-0-', false, '......'],
  ['what never comes to rest is said after half a minute', '0120120', false, '......!'],
  ['and then after another', '01201201201201', false, '......!......!'],
])('%s', (_, looks, urgent, expected) => {
  expect(ripe(looks, urgent)).toBe(expected);
});
