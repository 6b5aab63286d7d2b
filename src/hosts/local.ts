import { hostname } from 'node:os';
import { type Ask, criSource } from './ask.ts';
import { captureOf, type Draft, emptyDraft, putClock } from './draft.ts';
import type { ActingHost, CollectOptions } from './host.ts';
import { readLeases } from './lease-files.ts';
import { wholeHolders } from './lease-holders.ts';
import { changeHere } from './local-changes.ts';
import { createLocked, removeLocked } from './locked-files.ts';
import { type Plan, planOf, runSource } from './plan.ts';
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
      // Before whoever may hold them is looked for: one taken meanwhile is then not seen, rather than seen without holder.
      for (const directory of plan.leases) draft.entries[directory] = readLeases(WHOLE_TREE, directory);
      const commands = runCommands(plan, draft, signal);
      const runtimes = plan.runtimes.map((socket) => askRuntime(socket || undefined, plan, draft, signal));
      for (const program of plan.which) draft.which[program] = findProgram(program);
      await readFiles(WHOLE_TREE, plan, draft, signal);
      await Promise.all([commands, ...runtimes]);
      return captureOf({ name, via: 'local' }, draft);
    },
    ...changeHere,
    removeLocked,
    createLocked,
    stopSandbox: async (socket, id) => (await import('./stop-sandbox.ts')).stopSandboxHere(socket, id),
    run: runHere,
  };
}

async function runCommands(plan: Plan, draft: Draft, signal?: AbortSignal): Promise<void> {
  await pooled(plan.runs, COMMANDS_AT_ONCE, async (run) => {
    const answer = await answerHere(run, signal);
    draft.entries[runSource(run)] = answer.entry;
    if (answer.run) draft.runs[runSource(run)] = answer.run;
  });
}

/** Its client is loaded only where a runtime is asked. */
async function askRuntime(
  socket: string | undefined,
  { leases }: Plan,
  draft: Draft,
  signal?: AbortSignal,
): Promise<void> {
  const { answerCri } = await import('./cri/listing.ts');
  const texts = leases
    .map((directory) => draft.entries[directory])
    .map((entry) => (entry?.state === 'ok' ? entry.text : ''));
  const known = (ids: ReadonlySet<string>) => wholeHolders(texts, ids);
  draft.entries[criSource(socket)] = await answerCri(socket, { known, ...(signal && { signal }) });
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
