import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bundleInto } from '../../../lab/bundled-program.ts';
import type { Reading } from '../../hosts/reading.ts';
import type { SettingDemand } from '../demand.ts';
import { findCgroup } from './cgroups.ts';
import type { Hold, SeenWrites } from './hold.ts';
import type { Held } from './pins.ts';

/**
 * What the hold's tests share: a cgroup, network namespaces and a bpf file system of their own, and holds as processes
 * in them, since a process has one namespace and must be killed to be seen killed.
 */
export interface TestBed {
  readonly cgroup: string;
  /** The cgroup as writers are told to be in it. */
  readonly path: string;
  /** Where the cgroup v2 hierarchy is mounted. */
  readonly hierarchy: string;
  /** For files of the test's. */
  readonly directory: string;
  /** The second namespace, as a file. */
  readonly otherNetns: string;
  /** Where holds pin, in the test's own mount namespace. */
  readonly pins: string;
  /** A process that can hold; starts nothing in the kernel before it is told to. */
  guard(how?: Placed): Guard;
  /** Runs a program in the cgroup and the guarded namespace, or elsewhere. */
  run(argv: readonly string[], how?: Placed): Ran;
  /** As `run`, and leaves it running. */
  start(argv: readonly string[], how?: Placed): ChildProcess;
  read(key: string, how?: Placed): string;
  /** Programs attached to the cgroup now. */
  attached(): Promise<readonly string[]>;
  /** Removes a cgroup below the test's that no process is in. */
  removeBelow(path: string): void;
  remove(): Promise<void>;
}

export interface Placed {
  /** `other`: a second namespace, as a Pod has one. */
  readonly netns?: 'guarded' | 'other';
  /** Below the test's cgroup, made when it is not there. */
  readonly below?: string;
  /** Before the program, e.g. `setpriv …`. */
  readonly prefix?: readonly string[];
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process with a hold in it; every answer comes from there. */
export interface Guard {
  readonly pid: number;
  /** undefined: opened; else why not. */
  open(options?: { readonly pins?: string | null; readonly cgroup?: string }): Promise<Reading<true>>;
  set(demands: readonly SettingDemand[]): Promise<ReturnType<Hold['set']>>;
  mode(how: 'hold' | 'observe'): Promise<void>;
  beat(): Promise<void>;
  seen(): Promise<readonly SeenWrites[]>;
  standing(): Promise<boolean>;
  close(): Promise<void>;
  release(pins?: string): Promise<Reading<boolean>>;
  heldBy(pins?: string): Promise<Reading<Held>>;
  offsets(path: string): Promise<Reading<object>>;
  mountPins(run: string): Promise<Reading<string>>;
  unmountPins(run: string): Promise<Reading<true>>;
  /** Makes the last heartbeat so much older. */
  age(seconds: number): Promise<void>;
  /** Goes on as on a kernel that ignores bpf_sysctl_set_new_value. */
  withoutReplacing(): Promise<void>;
  /** Attaches a program that lets everything pass, until the process ends. */
  attachPassing(how: 'beside' | 'alone'): Promise<void>;
  /** Pins a map of another shape where a hold has this one. */
  pinOther(name: string): Promise<void>;
  attached(): Promise<readonly string[]>;
  resident(): Promise<number>;
  /** Writes a setting itself. */
  write(key: string, value: string): Promise<void>;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
const CACHE = `${PROJECT}/node_modules/.cache/hayward-hold-tests`;

/** Bundles the process; inside the project it finds its native library. */
export function bundleGuard(directory: string): string {
  const file = `${directory}/guard.mjs`;
  bundleInto(file, { entry: fileURLToPath(new URL('test-guard.ts', import.meta.url)) });
  return file;
}

export function demand(key: string, value: string, more: Partial<SettingDemand> = {}): SettingDemand {
  return { kind: 'setting', key, value, by: 'test', reason: { en: 'test', 'zh-CN': '测试' }, ...more };
}

/** A reading that must be known. */
export function must<T>(reading: Reading<T>): T {
  if (reading.known) return reading.value;
  throw new Error(`${reading.reason}: ${reading.detail}`);
}

/** Waits for a process's first line. */
export async function ready(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new TypeError('no output');
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('ended before it was ready'))),
  ]);
}

export async function makeTestBed(): Promise<TestBed> {
  const name = `hwh-${randomBytes(4).toString('hex')}`;
  const hierarchy = must(findCgroup());
  const cgroup = `${hierarchy}/${name}`;
  mkdirSync(CACHE, { recursive: true });
  const directory = mkdtempSync(`${CACHE}/run-`);
  const program = bundleGuard(directory);
  const mount = `${directory}/bpf`;
  mkdirSync(mount);
  mkdirSync(cgroup);
  const children = new Set<ChildProcess>();

  function keep(child: ChildProcess): ChildProcess {
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  }
  const keepOpen = 'echo ready && exec sleep infinity';
  const holders = {
    guarded: keep(
      spawn(
        'unshare',
        ['--mount', '--net', '--propagation', 'private', 'sh', '-c', `mount -t bpf bpf ${mount} && ${keepOpen}`],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      ),
    ),
    other: keep(spawn('unshare', ['--net', 'sh', '-c', keepOpen], { stdio: ['ignore', 'pipe', 'inherit'] })),
  };
  await Promise.all(Object.values(holders).map(ready));

  /** Enters the cgroup, then the namespaces. */
  function placed(argv: readonly string[], { netns = 'guarded', below = '', prefix = [] }: Placed): string[] {
    const directory = `${cgroup}${below}`;
    if (below !== '') mkdirSync(directory, { recursive: true });
    const enter = [
      'nsenter',
      `--mount=/proc/${holders.guarded.pid}/ns/mnt`,
      `--net=/proc/${holders[netns].pid}/ns/net`,
    ];
    const script = `echo $$ > ${directory}/cgroup.procs && exec "$@"`;
    return ['sh', '-c', script, 'sh', ...enter, `--wd=${directory}`, ...prefix, ...argv];
  }
  function start(argv: readonly string[], how: Placed = {}): ChildProcess {
    const [file = '', ...rest] = placed(argv, how);
    return keep(spawn(file, rest, { stdio: ['pipe', 'pipe', 'inherit'] }));
  }
  function run(argv: readonly string[], how: Placed = {}): Ran {
    const [file = '', ...rest] = placed(argv, how);
    const { status, stdout, stderr } = spawnSync(file, rest, { encoding: 'utf8' });
    return { status, stdout, stderr };
  }
  function guard(how: Placed = {}): Guard {
    const child = start([process.execPath, program], how);
    return talkTo(child, { cgroup, pins: `${mount}/hayward` });
  }

  return {
    cgroup,
    path: `/${name}`,
    hierarchy,
    directory,
    otherNetns: `/proc/${holders.other.pid}/ns/net`,
    pins: `${mount}/hayward`,
    guard,
    run,
    start,
    read(key, how) {
      const { status, stdout, stderr } = run(['cat', `/proc/sys/${key}`], how);
      if (status !== 0) throw new Error(stderr);
      return stdout.trim();
    },
    async attached() {
      const onlooker = guard();
      try {
        return await onlooker.attached();
      } finally {
        await onlooker.kill();
      }
    },
    removeBelow: (path) => removeCgroup(`${cgroup}${path}`),
    async remove() {
      const ended = [...children].map((child) => once(child, 'exit'));
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(ended);
      removeCgroup(cgroup);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** From below upwards; by then no process is in it. */
function removeCgroup(cgroup: string): void {
  const { stdout } = spawnSync('find', [cgroup, '-depth', '-type', 'd'], { encoding: 'utf8' });
  for (const directory of stdout.trim().split('\n')) rmdirSync(directory);
}

function talkTo(child: ChildProcess, places: { cgroup: string; pins: string }): Guard {
  const { stdin, stdout, pid } = child;
  if (stdin === null || stdout === null || pid === undefined) throw new TypeError('no process');
  const waiting: { resolve: (value: never) => void; reject: (error: Error) => void }[] = [];
  createInterface({ input: stdout }).on('line', (line) => {
    const { value, error } = JSON.parse(line) as { value?: never; error?: string };
    const first = waiting.shift();
    if (error === undefined) first?.resolve(value as never);
    else first?.reject(new Error(error));
  });
  stdin.on('error', () => undefined);
  child.once('exit', (code, signal) => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`ended with ${code ?? signal}`));
  });
  function call<T>(name: string, ...args: readonly unknown[]): Promise<T> {
    return new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      stdin?.write(`${JSON.stringify([name, ...args])}\n`);
    });
  }
  return {
    pid,
    open: (options = {}) => call('open', { ...places, ...options }),
    set: (demands) => call('set', demands),
    mode: (how) => call('mode', how),
    beat: () => call('beat'),
    seen: () => call('seen'),
    standing: () => call('standing'),
    close: () => call('close'),
    release: (pins = places.pins) => call('release', pins),
    heldBy: (pins = places.pins) => call('heldBy', pins),
    offsets: (path) => call('offsets', path),
    mountPins: (run) => call('mountPins', run),
    unmountPins: (run) => call('unmountPins', run),
    age: (seconds) => call('age', places.pins, seconds),
    withoutReplacing: () => call('withoutReplacing', places.pins),
    attachPassing: (how) => call('attachPassing', places.cgroup, how),
    pinOther: (name) => call('pinOther', places.pins, name),
    attached: () => call('attached', places.cgroup),
    resident: () => call('resident'),
    write: (key, value) => call('write', key, value),
    async kill(signal = 'SIGKILL') {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
}
