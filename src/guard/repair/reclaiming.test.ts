import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { GuardEvent, GuardPlan } from '../model.ts';
import { makeReclaiming } from './reclaiming.ts';

const MINUTE_MS = 60_000;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hayward-reclaiming-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A node with leaked leases, and what answers in the place of `hayward leases reclaim`. */
function leaking() {
  const script = join(directory, 'program.mjs');
  const recorded: GuardEvent[] = [];
  const complaints: string[] = [];
  let minutes = 0;
  const reclaim = makeReclaiming({
    program: { node: process.execPath, script },
    sink: { record: (event) => recorded.push(event), complain: (why) => complaints.push(why) },
    may: () => true,
    signal: new AbortController().signal,
    now: () => minutes * MINUTE_MS,
  });
  const plan = { leases: [{ network: 'k8s-pod-network', leaked: 3 }] } as unknown as GuardPlan;
  return {
    recorded,
    complaints,
    judgedAt: (minute: number, reclaimed: readonly string[]) => {
      minutes = minute;
      writeFileSync(script, `console.log('${JSON.stringify({ reclaimed })}'); process.exitCode = 3;`);
      return reclaim(plan);
    },
  };
}

it('says once that nothing can be given back safely yet, and tries again soon', async () => {
  const { judgedAt, complaints, recorded } = leaking();
  await judgedAt(0, []);
  await judgedAt(3, []);
  expect(complaints).toEqual([expect.stringContaining('none could be given back safely yet')]);
  await judgedAt(4, ['10.52.0.7']);
  expect(recorded).toEqual([]);
  await judgedAt(6, ['10.52.0.7']);
  expect(recorded).toMatchObject([{ type: 'leases-reclaimed', addresses: ['10.52.0.7'] }]);
});

it('leaves a node alone for ten minutes after it gave some back', async () => {
  const { judgedAt, recorded } = leaking();
  await judgedAt(0, ['10.52.0.7']);
  await judgedAt(9, ['10.52.0.8']);
  expect(recorded).toHaveLength(1);
  await judgedAt(10, ['10.52.0.8']);
  expect(recorded).toHaveLength(2);
});
