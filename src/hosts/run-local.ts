import { existsSync } from 'node:fs';
import type { Entry, RunFact } from './capture.ts';
import type { RunOptions, RunResult } from './host.ts';
import { wouldBeLoaded } from './module-loading.ts';
import { entryOf, notAskedFor, notFound, notLoadedFor } from './outcome.ts';
import { DEFAULT_RUN_TIMEOUT_MS, MAX_OUTPUT_BYTES, type RunPlan } from './plan.ts';
import { findProgram } from './programs.ts';
import { SEARCH_PATH } from './search-path.ts';
import { spawned } from './spawned.ts';

/** Runs a program of this machine, found on the search path, with messages in English so that they can be told apart. */
export function runHere(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [name = '', ...args] = argv;
  const file = findProgram(name);
  if (file === null) return Promise.resolve(neverStarted(notFound(name)));
  const env = { ...process.env, LC_ALL: 'C', PATH: SEARCH_PATH.join(':') };
  return spawned(file, args, { ...options, env, maxOutputBytes: MAX_OUTPUT_BYTES });
}

/** The result of a program that could not be started, with the reason as its standard error. */
export function neverStarted(stderr: string): RunResult {
  return { failed: true, timedOut: false, exitCode: null, stdout: '', stderr, durationMs: 0 };
}

/** Answers one planned command; with how it went, where it was run. */
export async function answerHere(
  plan: RunPlan,
  signal?: AbortSignal,
): Promise<{ readonly entry: Entry; readonly run?: RunFact }> {
  const [name = ''] = plan.argv;
  if (plan.onlyIf !== undefined && !existsSync(plan.onlyIf)) return { entry: notAskedFor(name, plan.onlyIf) };
  if (plan.module !== undefined && wouldBeLoaded(plan.module)) return { entry: notLoadedFor(name, plan.module) };
  if (findProgram(name) === null) return { entry: { state: 'absent', detail: notFound(name) } };
  const timeoutMs = plan.timeoutMs ?? DEFAULT_RUN_TIMEOUT_MS;
  const at = new Date().toISOString();
  const result = await runHere(plan.argv, { timeoutMs, ...(signal && { signal }) });
  return { entry: entryOf(name, result, timeoutMs), run: { exitStatus: result.exitCode, at } };
}
