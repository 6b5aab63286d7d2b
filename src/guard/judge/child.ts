import { lastLine } from '../../hosts/sanitise.ts';
import { spawned } from '../../hosts/spawned.ts';
import type { GuardPlan } from '../model.ts';

/** How this very program is started again: Node and the file it was started with. */
export interface OwnProgram {
  readonly node: string;
  readonly script: string;
}

export type PlanAnswer = { readonly plan: GuardPlan } | { readonly failed: string };

/** A node with thousands of rules takes two seconds; a slow one that is being booted may take a minute. */
const PLAN_TIMEOUT_MS = 120_000;
/** Reclaiming looks twice and waits for host-local's lock. */
const RECLAIM_TIMEOUT_MS = 300_000;
/** Told to end, it finishes the step in hand; less than systemd gives the guard itself (DefaultTimeoutStopSec=, 90 s). */
const RECLAIM_GRACE_MS = 60_000;
const MOST_OUTPUT_BYTES = 32 * 1024 * 1024;
/** Lowest priority: what the guard judges must not slow what the node is for. */
const NICE = ['nice', '-n', '19'] as const;

export interface PlanOptions {
  readonly program: OwnProgram;
  /** Options of `guard plan`, e.g. `--profile harvester`. */
  readonly options: readonly string[];
  readonly signal?: AbortSignal;
}

/** Judges the node in a child process: what judging needs of memory goes back, and a judgement that hangs ends alone. */
export async function planInChild({ program, options, signal }: PlanOptions): Promise<PlanAnswer> {
  const argv = [program.node, program.script, 'guard', 'plan', '--json', '--quiet', ...options];
  const result = await run(argv, PLAN_TIMEOUT_MS, signal);
  // 3: something could not be seen, which the plan says itself. 2 with a plan: a `--hold` of it can never be met.
  const expected = result.stdout === '' ? [] : [0, 2, 3];
  if (!expected.includes(result.exitCode ?? -1)) return { failed: failureOf(result) };
  try {
    const plan = JSON.parse(result.stdout) as GuardPlan;
    // The program on the disk may be a newer one than this process.
    return plan.schemaVersion === 1 ? { plan } : { failed: `its answer has schema ${plan.schemaVersion}` };
  } catch {
    return { failed: `its answer is not JSON: ${lastLine(result.stdout)}` };
  }
}

/** Gives leaked leases back as `leases reclaim` does; the addresses that came free, or why none could. */
export async function reclaimInChild({
  program,
  signal,
}: Omit<PlanOptions, 'options'>): Promise<{ readonly addresses: readonly string[] } | { readonly failed: string }> {
  const argv = [program.node, program.script, 'leases', 'reclaim', '--yes', '--json', '--quiet'];
  const result = await run(argv, RECLAIM_TIMEOUT_MS, signal, RECLAIM_GRACE_MS);
  // 1: some could not be given back; 3: of some it could not be told. What came free is in the answer all the same.
  if (![0, 1, 3].includes(result.exitCode ?? -1)) return { failed: failureOf(result) };
  try {
    const { reclaimed } = JSON.parse(result.stdout) as { reclaimed?: readonly string[] };
    return { addresses: reclaimed ?? [] };
  } catch {
    return { failed: `its answer is not JSON: ${lastLine(result.stdout)}` };
  }
}

function run(argv: readonly string[], timeoutMs: number, signal: AbortSignal | undefined, graceMs?: number) {
  const [file, ...args] = [...NICE, ...argv];
  return spawned(file, args, {
    timeoutMs,
    maxOutputBytes: MOST_OUTPUT_BYTES,
    ...(graceMs !== undefined && { graceMs }),
    ...(signal && { signal }),
  });
}

function failureOf({ stderr, exitCode, timedOut }: Awaited<ReturnType<typeof run>>): string {
  if (timedOut) return 'it took too long';
  return lastLine(stderr) || `it ended with ${exitCode}`;
}
