import { expect, it } from 'vitest';
import { healthy, NOW, webhook } from '../../test/cluster.ts';
import { known, type Reading, unknown } from '../hosts/reading.ts';
import { judgeCluster } from './judge.ts';
import { NO_MEMORY } from './memory.ts';
import { memoryFrom, memoryText } from './memory-text.ts';
import type { Counts } from './webhook-calls.ts';

/** What looks that find these counts, a minute apart, say of the webhook; between two of them a file. */
function told(...counts: readonly Reading<Counts>[]): (string | undefined)[] {
  let memory = NO_MEMORY;
  return counts.map((counted, index) => {
    const takenAt = new Date(Date.parse(NOW) + index * 60_000).toISOString();
    const snapshot = healthy({ takenAt, webhooks: known([webhook({ counted })], 'webhooks') });
    const answer = judgeCluster(snapshot, { lang: 'en', deadlineSeconds: 0 }, memory);
    memory = memoryFrom(memoryText(answer.memory));
    const found = answer.findings.find(({ subject }) => subject === 'guard/pods.guard.example.com');
    return found?.status === 'problem' ? found.evidence.at(-1)?.value : found?.status;
  });
}

const counted = (calls: number, failed: number, seconds = calls / 100) => known({ calls, failed, seconds }, '/metrics');

it('a webhook that fails of late is found, though it served for months', () => {
  expect(told(counted(9000, 2), counted(9010, 10))).toEqual(['ok', '8 of 10']);
});

it('one that served of late is fine, though it failed for months; and slow is slow of late', () => {
  expect(told(counted(9000, 8999), counted(9010, 8999))).toEqual(['8999 of 9000', 'ok']);
  expect(told(counted(10, 0, 0.1), counted(12, 0, 18.1), counted(13, 0, 18.2))).toEqual(['ok', '9.0 s of 10 s', 'ok']);
});

it('what was last seen stands while nothing is called, or while it cannot be seen', () => {
  const failing = [counted(100, 0), counted(110, 10)] as const;
  expect(told(...failing, counted(110, 10), counted(110, 10)).slice(2)).toEqual(['10 of 10', '10 of 10']);
  const lost = unknown('denied', '/metrics', 'HTTP 403');
  expect(told(...failing, lost, counted(111, 10)).slice(2)).toEqual(['ok', 'ok']);
});

it('an API server that counts less has started anew', () => {
  expect(told(counted(9000, 0), counted(4, 4))).toEqual(['ok', '4 of 4']);
});
