import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { localHost } from '../../hosts/local.ts';
import { bootIdOf } from '../interrupted.ts';
import { makeJournalDirectory } from '../journal.ts';
import type { Step } from '../step.ts';
import { monotonicMs } from '../trial/take-back.ts';
import { beginTrial, keepTrial, type TrialJob, takeTrialBack } from '../trial/trial-run.ts';
import { startWatcher } from '../trial/watcher.ts';
import { mortality } from './mortality.ts';
import { remedyOf } from './test-bed.ts';

/**
 * What the tests of trials run in a namespace. `try`: one run on trial with a real watcher, killed at a chosen moment, or ended
 * without a word. `work`: answers lines on standard input, so that two such processes can race.
 */
interface Job {
  readonly what: 'try' | 'work';
  readonly steps: readonly Step[];
  readonly directory: string;
  readonly dieAt?: number;
  /** It does not die at that moment, it hangs. */
  readonly hangs?: true;
  readonly lastsMs?: number;
  /** The built program, whose watcher it is. */
  readonly cli: string;
}

/** One line: `begin` a trial that lasts so long, or `keep` or `take` it back at a time of the monotonic clock. */
interface Line {
  readonly does: 'begin' | 'keep' | 'take';
  readonly name: string;
  readonly run: string;
  readonly ms: number;
}

const job = JSON.parse(process.argv[2] ?? '') as Job;
const host = mortality(job.dieAt, job.hangs ? 'SIGSTOP' : 'SIGKILL')(localHost());
const bootId = await bootIdOf(localHost());

function trialOf(directory: string, lastsMs: number, start: TrialJob['startWatcher']): TrialJob {
  const plan = [remedyOf(job.steps)];
  const nothing = { resumes: undefined, judge: async () => [], notice: () => undefined };
  return { host, directory, bootId, tool: 'test', plan, scopes: ['now'], lastsMs, startWatcher: start, ...nothing };
}

async function tryOnce(): Promise<void> {
  const { directory, cli, lastsMs = 3_600_000 } = job;
  const program = { node: process.execPath, script: cli };
  const environment = { ...process.env, HAYWARD_STATE: dirname(directory) };
  await beginTrial(trialOf(directory, lastsMs, (run) => startWatcher({ program, directory, run, environment })));
}

async function answer({ does, name, run, ms }: Line): Promise<unknown> {
  const directory = join(job.directory, name);
  if (does === 'begin') {
    makeJournalDirectory(directory);
    return beginTrial(trialOf(directory, ms, async () => undefined));
  }
  // To the millisecond: a timer is late by more.
  while (monotonicMs() < ms);
  const parts = { host, directory, bootId };
  if (does === 'take') return takeTrialBack(parts, run, 'no-answer');
  return keepTrial({ ...parts, scopes: ['now'], judge: async () => [], notice: () => undefined }, run);
}

if (job.what === 'try') await tryOnce();
else {
  process.stdout.write('ready\n');
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line) as Line))}\n`);
  }
}
