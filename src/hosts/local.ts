import { hostname } from 'node:os';
import { type Ask, sourceOf } from './ask.ts';
import { captureOf, type Draft, emptyDraft, putClock } from './draft.ts';
import type { ActingHost, CollectOptions } from './host.ts';
import { changeHere } from './local-changes.ts';
import { type Plan, planOf } from './plan.ts';
import { pooled } from './pool.ts';
import { findProgram } from './programs.ts';
import { readFiles } from './read-files.ts';
import { answerHere, runHere } from './run-local.ts';
import type { Tree } from './tree.ts';

/** Commands at once: enough to hide their waiting, few enough not to be a load spike on a busy node. */
const COMMANDS_AT_ONCE = 6;
const WHOLE_TREE: Tree = { locate: null };

/** The machine hayward runs on. */
export function localHost(): ActingHost {
  const name = hostname();
  return {
    name,
    via: 'local',
    async collect(asks: readonly Ask[], options: CollectOptions = {}) {
      const plan = planOf(asks);
      const draft = emptyDraft();
      const signal = limitOf(options);
      putClock(draft, secondsNow(), 0);
      const commands = runCommands(plan, draft, signal);
      for (const program of plan.which) draft.which[program] = findProgram(program);
      await readFiles(WHOLE_TREE, plan, draft, signal);
      await commands;
      return captureOf({ name, via: 'local' }, draft);
    },
    ...changeHere,
    run: runHere,
  };
}

async function runCommands(plan: Plan, draft: Draft, signal?: AbortSignal): Promise<void> {
  await pooled(plan.runs, COMMANDS_AT_ONCE, async (run) => {
    draft.entries[sourceOf(run.argv)] = await answerHere(run, signal);
  });
}

/** One signal for "the caller gave up" and "the time is over"; undefined when neither can happen. */
function limitOf({ signal, timeoutMs }: CollectOptions): AbortSignal | undefined {
  if (timeoutMs === undefined) return signal;
  const limit = AbortSignal.timeout(timeoutMs);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}

/** As `date +%s.%N` prints it; the system's clock is read to the millisecond. */
function secondsNow(): string {
  return `${(Date.now() / 1000).toFixed(3)}000000`;
}
