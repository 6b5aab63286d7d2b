import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processAt, stillRuns } from '../../hosts/process.ts';
import { findProgram } from '../../hosts/programs.ts';
import { runHere } from '../../hosts/run-local.ts';
import { isObject } from '../../plain-object.ts';
import { guarded, JournalError } from '../journal.ts';
import type { ProcessName } from './trial-record.ts';

/** This process. */
export function thisProcess(): ProcessName {
  return { pid: process.pid, start: processAt('self')?.start ?? 0 };
}

export function lives({ pid, start }: ProcessName): boolean {
  return stillRuns(pid, start);
}

function signOf(directory: string, run: string): string {
  return join(directory, `${run}.watcher`);
}

/** The watcher says that it watches; nothing of the run is changed before. Throws JournalError. */
export function putUpSign(directory: string, run: string): void {
  const path = signOf(directory, run);
  guarded(path, () => {
    writeFileSync(`${path}.new`, `${JSON.stringify(thisProcess())}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  });
}

/** Where the sign cannot be removed it names a process that is gone. */
export function takeDownSign(directory: string, run: string): void {
  try {
    rmSync(signOf(directory, run), { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

/** Whether somebody watches over a run. Undefined process: nobody does. */
export function watcherOf(directory: string, run: string): ProcessName | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(signOf(directory, run), 'utf8'));
    if (!isObject(value)) return undefined;
    const { pid, start } = value;
    if (typeof pid !== 'number' || typeof start !== 'number') return undefined;
    return lives({ pid, start }) ? { pid, start } : undefined;
  } catch {
    return undefined;
  }
}

export interface WatcherOptions {
  /** Node and the file this program was started with. */
  readonly program: { readonly node: string; readonly script: string };
  readonly directory: string;
  readonly run: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What a watcher must be told of the environment to find the same journal, and the same guard. */
const VARIABLES = ['HAYWARD_STATE', 'XDG_STATE_HOME'];

/** A Node on a slow, busy node. */
const PATIENCE_MS = 20_000;

/**
 * Starts the process that takes a run back when nobody else can, and waits until it watches. As a transient unit of
 * systemd where that runs this machine: a session that is ended takes its processes along (logind.conf(5),
 * KillUserProcesses=), and a watcher that is killed is started again; else as a child in a session of its own. Throws
 * JournalError where none comes up.
 */
export async function startWatcher(options: WatcherOptions): Promise<void> {
  if (asUnit() && (await startUnit(options)) && (await watches(options))) return;
  startChild(options);
  if (await watches(options)) return;
  const words = {
    en: 'nothing was changed: the watcher that would take it back did not start',
    'zh-CN': '未做任何改动：负责自动撤销的看守进程未能启动',
  };
  throw new JournalError(words, 'ENOWATCHER');
}

/** A unit would run in the namespaces of the first process: only where those are ours does it change the same node. */
function asUnit(): boolean {
  if (process.geteuid?.() !== 0 || !existsSync('/run/systemd/system') || findProgram('systemd-run') === null) {
    return false;
  }
  return ['net', 'mnt', 'pid'].every((kind) => {
    try {
      return readlinkSync(`/proc/self/ns/${kind}`) === readlinkSync(`/proc/1/ns/${kind}`);
    } catch {
      return false;
    }
  });
}

function commandOf({ program, run }: WatcherOptions): readonly string[] {
  return [program.node, resolve(program.script), 'fix', '--watch', run];
}

function variablesOf({ environment }: WatcherOptions): readonly (readonly [name: string, value: string])[] {
  return VARIABLES.flatMap((name) => {
    const value = environment[name];
    return value ? [[name, resolve(value)] as const] : [];
  });
}

async function startUnit(options: WatcherOptions): Promise<boolean> {
  const unit = `hayward-trial-${options.run}`;
  const argv = [
    ...['systemd-run', '--quiet', '--collect', `--unit=${unit}`, `--description=hayward: run ${options.run} on trial`],
    ...['--property=Restart=on-failure', '--property=RestartSec=100ms', '--property=KillMode=mixed'],
    // However often it fails: nobody else takes the run back.
    '--property=StartLimitIntervalSec=0',
    ...variablesOf(options).map(([name, value]) => `--setenv=${name}=${value}`),
    '--',
    ...commandOf(options),
  ];
  return !(await runHere(argv)).failed;
}

function startChild(options: WatcherOptions): void {
  const [file = '', ...args] = commandOf(options);
  const env = { ...options.environment, ...Object.fromEntries(variablesOf(options)) };
  // detached: setsid(2), so that no terminal's end reaches it; it holds no directory either.
  const child = spawn(file, args, { detached: true, stdio: 'ignore', cwd: '/', env });
  child.on('error', () => undefined);
  child.unref();
}

async function watches({ directory, run }: WatcherOptions): Promise<boolean> {
  const untilMs = performance.now() + PATIENCE_MS;
  while (performance.now() < untilMs) {
    if (watcherOf(directory, run)) return true;
    await delay(20);
  }
  return false;
}
