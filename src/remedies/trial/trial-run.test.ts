import { existsSync, mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readRun, reopenJournal } from '../journal.ts';
import type { Step } from '../step.ts';
import { type MemoryHost, memoryHost } from '../testing/memory-host.ts';
import { remedyOf } from '../testing/test-bed.ts';
import { settleTrial } from './settle.ts';
import { monotonicMs } from './take-back.ts';
import { beginTrial, keepTrial, leaveOnTrial, type OnTrial, takeTrialBack, watchTrial } from './trial-run.ts';

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

/** Longer than the watcher's time between two looks. */
const SOME_LOOKS_MS = 400;

it('is watched on while its journal cannot be read for a time, and taken back as soon as it can', async () => {
  const { run } = await begun([CHANGE], 1);
  const journal = join(directory, `${run}.jsonl`);
  renameSync(journal, `${journal}.away`);
  mkdirSync(journal);
  const { signal } = new AbortController();
  const watching = watchTrial({ host, directory, bootId: BOOT, signal }, run);
  const ended = watching.then(() => 'ended');
  expect(await Promise.race([ended, delay(SOME_LOOKS_MS, 'goes on')])).toBe('goes on');
  expect(host.settings.get(PATH)).toBe('1');
  rmdirSync(journal);
  renameSync(`${journal}.away`, journal);
  await watching;
  expect(host.settings.get(PATH)).toBe('0');
});

it('is watched no longer once its journal is gone', async () => {
  const { run } = await begun([CHANGE]);
  rmSync(join(directory, `${run}.jsonl`));
  await watchTrial({ host, directory, bootId: BOOT, signal: new AbortController().signal }, run);
  expect(host.settings.get(PATH)).toBe('1');
});

it('leaves no sign of a watcher that was killed, once another run has taken it back', async () => {
  const { run } = await begun([CHANGE]);
  const sign = join(directory, `${run}.watcher`);
  writeFileSync(sign, JSON.stringify({ pid: 1, start: -1 }));
  const record = readRun(directory, run);
  if ('corrupt' in record) throw new Error('corrupt');
  await settleTrial({ host, directory, bootId: 'another boot', notice: () => undefined }, record);
  expect(existsSync(sign)).toBe(false);
});
