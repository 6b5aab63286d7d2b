import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loadBpf } from '../../src/guard/hold/bpf.ts';
import { findCgroup } from '../../src/guard/hold/cgroups.ts';
import type { Reading } from '../../src/hosts/reading.ts';
import { type RunningGuard, watchGuard } from './running-guard.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** A program that was to end and did not. */
const ENDS_MS = 60_000;

/** Where a program runs: `other` is a second network namespace, as a Pod has one. */
export interface Placed {
  readonly netns?: 'guarded' | 'other';
  /** A cgroup below the bed's, made where it is not there: `/writers`. */
  readonly below?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A cgroup, two network namespaces, a mount namespace that lives as long as the bed (as a node's own does, so that what a
 * guard mounts outlives it) and a state directory, all of one test's own; and the built program in them.
 */
export interface GuardBed {
  readonly cgroup: string;
  /** The cgroup as writers are told to be in it. */
  readonly path: string;
  /** HAYWARD_STATE. */
  readonly state: string;
  /** A directory for files of the test's. */
  readonly directory: string;
  /** `hayward guard …` as a process. It judges little unless `--only` is among the options. */
  guard(options: readonly string[], how?: Placed): RunningGuard;
  /** The program, to its end. */
  hayward(args: readonly string[], how?: Placed): Ran;
  run(argv: readonly string[], how?: Placed): Ran;
  /** A script for sh; throws where it fails. Returns its output, trimmed. */
  sh(script: string, how?: Placed): string;
  start(argv: readonly string[], how?: Placed): ChildProcess;
  read(key: string, how?: Placed): string;
  /** Names of the programs attached to the cgroup. */
  attached(): readonly string[];
  remove(): Promise<void>;
}

function must<T>(reading: Reading<T>): T {
  if (reading.known) return reading.value;
  throw new Error(`${reading.reason}: ${reading.detail}`);
}

/** Asks again until it is so; the test's own time limit ends what never becomes so. */
export async function eventually<T>(see: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const seen = await see();
    if (seen !== undefined && seen !== false) return seen;
    await delay(20);
  }
}

/** A bed with the settings all tests rely on: a new namespace may inherit its creator's. */
export async function makeGuardBed(): Promise<GuardBed> {
  const name = `hwg-${randomBytes(4).toString('hex')}`;
  const cgroup = join(must(findCgroup()), name);
  const directory = mkdtempSync(join(tmpdir(), 'hayward-guard-'));
  const state = join(directory, 'state');
  mkdirSync(cgroup);
  const keepOpen = 'echo $$ > "$1/cgroup.procs" && echo ready && exec sleep infinity';
  const holder = (flags: readonly string[]) =>
    spawn('unshare', [...flags, 'sh', '-c', keepOpen, 'sh', cgroup], { stdio: ['ignore', 'pipe', 'inherit'] });
  const holders = { guarded: holder(['--net', '--mount', '--propagation', 'private']), other: holder(['--net']) };
  await Promise.all(Object.values(holders).map(({ stdout }) => once(stdout, 'data')));

  /** Enters the cgroup, then the namespaces. */
  function placed(argv: readonly string[], { netns = 'guarded', below = '' }: Placed): readonly [string, string[]] {
    mkdirSync(cgroup + below, { recursive: true });
    const namespaces = [
      `--mount=/proc/${holders.guarded.pid}/ns/mnt`,
      `--net=/proc/${holders[netns].pid}/ns/net`,
      `--wd=${directory}`,
    ];
    return ['sh', ['-c', 'echo $$ > "$0/cgroup.procs" && exec nsenter "$@"', cgroup + below, ...namespaces, ...argv]];
  }
  const environment = ({ env = {} }: Placed) => ({ ...process.env, HAYWARD_STATE: state, NO_COLOR: '1', ...env });

  function start(argv: readonly string[], how: Placed = {}, stderr: number | 'inherit' = 'inherit'): ChildProcess {
    const [file, args] = placed(argv, how);
    return spawn(file, args, { stdio: ['pipe', 'pipe', stderr], env: environment(how) });
  }
  function run(argv: readonly string[], how: Placed = {}): Ran {
    const [file, args] = placed(argv, how);
    const { status, stdout, stderr } = spawnSync(file, args, {
      encoding: 'utf8',
      env: environment(how),
      timeout: ENDS_MS,
    });
    return { status, stdout, stderr };
  }
  function sh(script: string, how: Placed = {}): string {
    const { status, stdout, stderr } = run(['sh', '-euc', script], how);
    if (status !== 0) throw new Error(`${script}: ${stderr}`);
    return stdout.trim();
  }
  let guards = 0;
  function guard(options: readonly string[], how: Placed = {}): RunningGuard {
    guards += 1;
    const complaints = join(directory, `guard-${guards}.err`);
    const error = openSync(complaints, 'w');
    const only = options.includes('--only') ? [] : ['--only', 'ip-forward'];
    const child = start([process.execPath, CLI, 'guard', ...only, ...options], how, error);
    closeSync(error);
    // As the guard's mount namespace has it: a test may mount a disk of its own there.
    const root = `/proc/${holders.guarded.pid}/root`;
    return watchGuard(child, complaints, `${root}${how.env?.['HAYWARD_STATE'] ?? state}`);
  }

  sh('ip link set lo up; sysctl -qw net.ipv4.ip_forward=0; sysctl -qw net.ipv4.ip_forward=1');
  return {
    cgroup,
    path: `/${name}`,
    state,
    directory,
    guard,
    hayward: (args, how) => run([process.execPath, CLI, ...args], how),
    run,
    sh,
    start,
    read: (key, how) => sh(`cat /proc/sys/${key.replaceAll('.', '/')}`, how),
    attached() {
      const file = openSync(cgroup, 'r');
      try {
        return must(loadBpf())
          .attached(file)
          .map((program) => program.name);
      } finally {
        closeSync(file);
      }
    },
    async remove() {
      // Whatever was started here is in this cgroup, the guards' own children too.
      writeFileSync(join(cgroup, 'cgroup.kill'), '1');
      await eventually(() =>
        spawnSync('cat', [join(cgroup, 'cgroup.events')], { encoding: 'utf8' }).stdout.includes('populated 0'),
      );
      const { stdout } = spawnSync('find', [cgroup, '-depth', '-type', 'd'], { encoding: 'utf8' });
      for (const one of stdout.trim().split('\n')) rmdirSync(one);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
