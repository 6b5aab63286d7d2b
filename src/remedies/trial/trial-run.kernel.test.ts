import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../../test/trial-node.ts';
import { readRuns } from '../interrupted.ts';
import { readRun } from '../journal.ts';
import type { Step } from '../step.ts';
import { makeTestBed, type TestBed } from '../testing/test-bed.ts';
import { watcherOf } from './watcher.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const STEPS: readonly Step[] = [
  { kind: 'setting', key: 'net/ipv4/ip_forward', value: '1' },
  { kind: 'setting', key: 'net/ipv4/conf/all/rp_filter', value: '2' },
];
let bed: TestBed;
let built: string;

beforeAll(() => {
  mkdirSync(`${ROOT}/node_modules/.cache`, { recursive: true });
  built = mkdtempSync(`${ROOT}/node_modules/.cache/hayward-trial-program-`);
  buildSync({
    entryPoints: [`${ROOT}/src/remedies/testing/trial-program.ts`],
    outfile: `${built}/program.mjs`,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    logLevel: 'silent',
  });
  bed = makeTestBed();
});
afterAll(() => {
  bed?.remove();
  rmSync(built, { recursive: true, force: true });
});

function program(job: object): readonly [string, readonly string[]] {
  const told = { steps: STEPS, cli: `${ROOT}/dist/cli.js`, ...job };
  return ['ip', ['netns', 'exec', bed.namespace, process.execPath, `${built}/program.mjs`, JSON.stringify(told)]];
}

const values = () => bed.shell('cd /proc/sys/net/ipv4; cat ip_forward conf/all/rp_filter').trim().split('\n');

/** Two processes that do what they are told, one line each way. */
function worker(): { tell(line: object): Promise<unknown>; readonly child: ChildProcessWithoutNullStreams } {
  const [file, argv] = program({ what: 'work', directory: `${bed.directory}/races` });
  const child = spawn(file, argv);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ready = lines.next();
  return {
    child,
    async tell(line) {
      await ready;
      child.stdin.write(`${JSON.stringify(line)}\n`);
      const { value } = await lines.next();
      return JSON.parse(String(value));
    },
  };
}

it('is taken back by its watcher at whatever moment the tool is killed', async () => {
  const before = bed.settings();
  for (let dieAt = 1, killed = true; killed; dieAt += 3) {
    const [file, argv] = program({ what: 'try', directory: bed.journal, dieAt });
    // The last one is not killed, and ends without a word.
    killed = spawnSync(file, argv).status !== 0;
    if (dieAt === 1) expect(killed).toBe(true);
    const run = await until(() => readRuns(bed.journal).runs.findLast(({ end }) => end !== undefined) ?? undefined);
    await until(() => readRuns(bed.journal).runs.every(({ end }) => end !== undefined));
    expect(run.trial?.decision).toMatchObject({ how: 'taken-back', why: 'tool-died' });
    expect(bed.settings()).toEqual(before);
    await until(() => watcherOf(bed.journal, run.run) === undefined);
  }
});

it('is taken back though the tool hangs in a step and holds the lock: its watcher ends it', async () => {
  const before = bed.settings();
  const [file, argv] = program({ what: 'try', directory: bed.journal, dieAt: 10, hangs: true, lastsMs: 1_000 });
  const hung = spawn(file, argv);
  expect(await once(hung, 'exit')).toEqual([null, 'SIGKILL']);
  const run = await until(() => readRuns(bed.journal).runs.at(-1));
  const { trial } = await until(() => readRuns(bed.journal).runs.find((one) => one.run === run.run && one.end));
  expect(trial?.decision).toMatchObject({ how: 'taken-back' });
  expect(bed.settings()).toEqual(before);
});

it('is either kept or taken back, and never half, when both are decided at the last instant', async () => {
  const [one, other] = [worker(), worker()];
  async function decided(name: string, lastsMs: number, both: (run: string, untilMs: number) => Promise<unknown[]>) {
    bed.shell('cd /proc/sys/net/ipv4; echo 0 >ip_forward; echo 0 >conf/all/rp_filter');
    const begun = (await one.tell({ does: 'begin', name, run: '', ms: lastsMs })) as { run: string; untilMs: number };
    const [keeping, taking] = (await both(begun.run, begun.untilMs)) as [{ late?: string }, { kept: boolean }];
    const record = readRun(`${bed.directory}/races/${name}`, begun.run);
    if ('corrupt' in record) throw new Error(record.corrupt);
    const kept = record.trial?.decision?.how === 'kept';
    expect([name, taking.kept, keeping.late === undefined]).toEqual([name, kept, kept]);
    expect([name, values()]).toEqual([name, kept ? ['1', '2'] : ['0', '0']]);
    expect(record.end).toBe('verified');
    return kept;
  }
  const keep = (name: string, run: string, ms: number) => one.tell({ does: 'keep', name, run, ms });
  const take = (name: string, run: string, ms: number) => other.tell({ does: 'take', name, run, ms });
  // Far from the end the first one has it, whichever it is.
  expect(await decided('a', 600_000, async (run) => [await keep('a', run, 0), await take('a', run, 0)])).toBe(true);
  const reversed = async (run: string) => [await take('b', run, 0), await keep('b', run, 0)].reverse();
  expect(await decided('b', 600_000, reversed)).toBe(false);
  for (let at = 0; at < 24; at++) {
    const name = `race-${at}`;
    // Taking the lock costs a few milliseconds: who confirms comes that much before the end, or not quite.
    await decided(name, 300, (run, untilMs) =>
      Promise.all([keep(name, run, untilMs - (at % 12)), take(name, run, untilMs - 3)]),
    );
  }
  for (const { child } of [one, other]) {
    child.stdin.end();
    await once(child, 'exit');
  }
});
