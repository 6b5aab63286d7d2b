import { readFileSync } from 'node:fs';
import type { ActingHost } from '../../hosts/host.ts';
import { localHost } from '../../hosts/local.ts';
import {
  createJournal,
  type Journal,
  listRuns,
  makeJournalDirectory,
  readOnlyJournal,
  readRun,
  reopenJournal,
} from '../journal.ts';
import { recoverRun } from '../recover-run.ts';
import { takeLock } from '../run-lock.ts';
import { type RunReport, runPlan } from '../run-plan.ts';
import type { Step } from '../step.ts';
import { undoRun } from '../undo-run.ts';
import { mortality } from './mortality.ts';
import { remedyOf } from './test-bed.ts';

/** What the kernel tests run in a namespace: one run, resumption or undo, killed at a chosen moment. */
interface Job {
  readonly what: 'run' | 'resume' | 'undo';
  readonly steps: readonly Step[];
  readonly dieAt?: number;
  readonly journal: string;
}

const job = JSON.parse(process.argv[2] ?? '') as Job;
const mortal = mortality(job.dieAt);

const host: ActingHost = mortal(localHost());
const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

function last(): Journal {
  return reopenJournal(job.journal, listRuns(job.journal).at(-1) ?? '');
}

async function run(): Promise<RunReport> {
  makeJournalDirectory(job.journal);
  const plan = [remedyOf(job.steps)];
  const journal = mortal(
    createJournal(job.journal, { target: { name: 'test', via: 'local' }, bootId, tool: 'test', plan }),
  );
  const report = await runPlan(host, plan, journal);
  journal.end(report.verified ? 'verified' : 'failed');
  return report;
}

async function resume(): Promise<RunReport> {
  const journal = mortal(last());
  await recoverRun(host, journal, bootId);
  return runPlan(
    host,
    journal.steps().map(({ remedy }) => remedy),
    journal,
  );
}

async function undo(): Promise<RunReport> {
  return undoRun(host, mortal(openForUndo()), { bootId });
}

function openForUndo(): Journal {
  try {
    return last();
  } catch {
    const id = listRuns(job.journal).at(-1) ?? '';
    const record = readRun(job.journal, id);
    if ('corrupt' in record) throw new Error(record.corrupt);
    return readOnlyJournal(job.journal, record);
  }
}

if (job.what === 'run') makeJournalDirectory(job.journal);
const lock = takeLock(job.journal);
if (!lock.held) throw new Error(`held by ${lock.pid}`);
const report = await { run, resume, undo }[job.what]();
lock.release();
process.stdout.write(JSON.stringify(report));
