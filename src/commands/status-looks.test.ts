import { expect, it } from 'vitest';
import type { Verdict } from '../cluster/verdict.ts';
import type { UnknownReason } from '../hosts/reading.ts';
import { sampleOther } from '../report/sample-report.ts';
import type { Look } from './status-look.ts';
import { type Looked, undecidedUntil } from './status-looks.ts';

function looked(seconds: number, verdict: Verdict, reason: UnknownReason = 'failed'): Looked {
  const finding = sampleOther('unknown', { severity: 'critical', unknown: { reason, detail: '' } });
  return { at: seconds * 1000, look: { verdict, findings: [finding] } as unknown as Look };
}
const blind = (seconds: number): Looked => ({ at: seconds * 1000, trouble: 'no kubeconfig' });

it.each([
  ['ready', [looked(0, 'ready')], [true]],
  ['not ready, after it settled', [looked(0, 'settling'), looked(90, 'not-ready')], [false, true]],
  ['denied stays so', [looked(0, 'unknown', 'denied')], [true]],
  ['unknown to the end', [looked(0, 'unknown'), looked(29, 'unknown'), looked(30, 'unknown')], [false, false, true]],
  ['no look at all', [looked(0, 'settling'), blind(10), blind(39), blind(40)], [false, false, false, true]],
  ['its clock begins anew', [blind(0), looked(20, 'settling'), blind(31), blind(61)], [false, false, false, true]],
])('--wait --deadline 30s: %s', (_, coming, wanted) => {
  const isOver = undecidedUntil(30_000);
  expect(coming.map(isOver)).toEqual(wanted);
});
