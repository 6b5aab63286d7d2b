import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundledProgram } from '../../../lab/bundled-program.ts';
import type { RunReport } from '../run-plan.ts';
import type { PlannedRemedy } from '../run-record.ts';
import type { Step } from '../step.ts';

/** A network namespace, a scratch directory, and runs and undos as a program inside both. */
export interface TestBed {
  readonly namespace: string;
  readonly directory: string;
  readonly journal: string;
  shell(script: string): string;
  /** Every setting below /proc/sys/net by path. */
  settings(): Readonly<Record<string, string>>;
  /** Runs a plan; with `dieAt` the program kills itself at that operation. undefined: it was killed. */
  run(steps: readonly Step[], options?: ProgramOptions): RunReport | undefined;
  /** As the next `fix` would: settles the last run's open intents and carries out what is left of its plan. */
  resume(options?: ProgramOptions): RunReport | undefined;
  /** Undoes the last run. */
  undo(options?: ProgramOptions): RunReport | undefined;
  remove(): void;
}

interface ProgramOptions {
  /** Number of the operation (host call or journal line, each with a moment before and after it) to be killed at. */
  readonly dieAt?: number;
  /** Words put before the program, such as `setpriv …`. */
  readonly prefix?: readonly string[];
  /** Another journal directory. */
  readonly journal?: string;
}

const PROGRAM = { entry: fileURLToPath(new URL('./program.ts', import.meta.url)) };

export function remedyOf(steps: readonly Step[]): PlannedRemedy {
  const summary = { en: 'a test', 'zh-CN': '测试' };
  return { problem: 'ip-forward', id: 'test', summary, risk: 'low', scope: 'now', steps };
}

export function makeTestBed(): TestBed {
  const name = `hwr-${randomBytes(4).toString('hex')}`;
  const program = bundledProgram(PROGRAM);
  const directory = mkdtempSync(join(tmpdir(), 'hayward-remedies-'));
  const journal = join(directory, 'state', 'journal');
  must(['ip', 'netns', 'add', name]);
  const inside = ['ip', 'netns', 'exec', name];
  function call(what: string, steps: readonly Step[], options: ProgramOptions): RunReport | undefined {
    const job = { what, steps, dieAt: options.dieAt, journal: options.journal ?? journal };
    const argv = [...inside, ...(options.prefix ?? []), process.execPath, program.file, JSON.stringify(job)];
    const done = spawnSync(argv[0] as string, argv.slice(1), { encoding: 'utf8', maxBuffer: 1 << 26 });
    if (done.signal === 'SIGKILL' || done.status === 137) return undefined;
    if (done.status !== 0) throw new Error(done.stderr);
    return JSON.parse(done.stdout) as RunReport;
  }
  return {
    namespace: name,
    directory,
    journal,
    shell: (script) => must([...inside, 'sh', '-euc', script]),
    settings() {
      const text = must([...inside, 'sh', '-c', 'cd /proc/sys/net; grep -rs "" . | sort']);
      return Object.fromEntries(
        text
          .split('\n')
          .filter((line) => line !== '' && !/nf_conntrack_count:/.test(line))
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
      );
    },
    run: (steps, options = {}) => call('run', steps, options),
    resume: (options = {}) => call('resume', [], options),
    undo: (options = {}) => call('undo', [], options),
    remove() {
      must(['ip', 'netns', 'del', name]);
      rmSync(directory, { recursive: true, force: true });
      program.remove();
    },
  };
}

function must(argv: readonly string[]): string {
  const [program, ...rest] = argv as [string, ...string[]];
  const done = spawnSync(program, rest, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (done.status === 0) return done.stdout;
  throw new Error(`${argv.join(' ')}: ${done.error?.message ?? done.stderr}`);
}
