import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readRun, reopenJournal } from '../journal.ts';
import type { Step } from '../step.ts';
import { type MemoryHost, memoryHost } from '../testing/memory-host.ts';
import { remedyOf } from '../testing/test-bed.ts';
import { monotonicMs } from './take-back.ts';
import { beginTrial, keepTrial, leaveOnTrial, type OnTrial, takeTrialBack } from './trial-run.ts';

const BOOT = 'this boot';
const CHANGE: Step = { kind: 'setting', key: 'net/a', value: '1' };
const IMPOSSIBLE: Step = { kind: 'setting', key: 'net/missing', value: '1' };
const PATH = '/proc/sys/net/a';

let directory: string;
let host: MemoryHost;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hayward-trial-run-'));
  host = memoryHost();
  host.settings.set(PATH, '0');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const nothing = { judge: async () => [], notice: () => undefined, scopes: ['now'] as const };

function begun(steps: readonly Step[], lastsMs = 3_600_000): Promise<OnTrial> {
  const job = { host, directory, bootId: BOOT, tool: 'test', resumes: undefined, lastsMs };
  return beginTrial({ ...nothing, ...job, plan: [remedyOf(steps)], startWatcher: async () => undefined });
}

const kept = (run: string) => keepTrial({ ...nothing, host, directory, bootId: BOOT }, run);
const takenBack = (run: string) => takeTrialBack({ host, directory, bootId: BOOT }, run, 'no-answer');

it('keeps what was done, and nothing of which a step was not', async () => {
  const whole = await begun([CHANGE]);
  expect(await kept(whole.run)).toMatchObject({ verified: true });
  expect(await takenBack(whole.run)).toEqual({ kept: true });
  host.settings.set(PATH, '0');
  const half = await begun([CHANGE, IMPOSSIBLE]);
  expect([half.report.verified, host.settings.get(PATH)]).toEqual([false, '1']);
  expect(await kept(half.run)).toMatchObject({
    late: 'taken-back',
    trial: { decision: { how: 'taken-back', why: 'failed' } },
  });
  expect(await takenBack(half.run)).toMatchObject({ kept: false, report: { verified: true } });
  expect(host.settings.get(PATH)).toBe('0');
});

it('is not left once its time is over, nor once it was decided', async () => {
  const { run } = await begun([CHANGE]);
  expect(await leaveOnTrial(directory, run)).toBe(true);
  expect(readRun(directory, run)).toMatchObject({ trial: { left: true } });
  await takenBack(run);
  expect(await leaveOnTrial(directory, run)).toBe(false);
  const over = await begun([CHANGE], 1);
  while (monotonicMs() < over.untilMs);
  expect(await leaveOnTrial(directory, over.run)).toBe(false);
  expect(readRun(directory, over.run)).toMatchObject({ trial: { left: false } });
});

it('tells of one that was taken back before whether all of it was', async () => {
  const { run } = await begun([CHANGE]);
  const journal = reopenJournal(directory, run);
  journal.tell({ type: 'decided', how: 'taken-back', who: 'another', why: 'no-answer' });
  journal.end('failed', { en: 'a guard keeps it', 'zh-CN': 'guard' });
  journal.close();
  expect(await takenBack(run)).toMatchObject({
    kept: false,
    report: { verified: false },
    note: { en: 'a guard keeps it' },
  });
});
