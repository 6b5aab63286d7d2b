import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type BundledProgram, bundledProgram } from '../../lab/bundled-program.ts';
import type { Reading } from '../hosts/reading.ts';
import type { BridgeProbe, BridgeProbeOptions } from './bridge-frame.ts';
import type { ForwardProbe, ForwardProbeOptions } from './forward.ts';

/**
 * What the probes' tests share: a network namespace of their own, and the probes as a program that runs in it, since
 * a process has one namespace and the test runner's must not be touched.
 */
export interface TestBed {
  /** Runs a command in the namespace, words parted by single spaces; throws when it fails. Returns its output. */
  run(command: string): string;
  /** Writes a setting below /proc/sys, given with dots or slashes. */
  set(key: string, value: string): void;
  bridge(name: string, options?: BridgeProbeOptions, prefix?: readonly string[]): Reading<BridgeProbe>;
  forward(options?: ForwardProbeOptions, prefix?: readonly string[]): Reading<ForwardProbe>;
  sweep(): readonly string[];
  /** Starts a bridge probe and leaves it running; its reading comes as JSON on standard output. */
  startBridge(name: string): ChildProcess;
  /** Names of throw-away interfaces that exist now. */
  throwaways(): readonly string[];
  /** All a probe could have left: links, addresses, routes, rules, neighbours, stations, and every setting below /proc/sys/net. */
  state(): Readonly<Record<string, string>>;
  remove(): void;
}

/** The project's own folder. */
export const PROJECT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const PROGRAM = `
import { probeBridge } from './bridge-frame.ts';
import { probeForwarding } from './forward.ts';
import { sweep } from './throwaway-links.ts';
const [call, ...args] = JSON.parse(process.argv[2]);
const calls = { bridge: probeBridge, forward: probeForwarding, sweep };
process.stdout.write(JSON.stringify(await calls[call](...args)));
`;

/**
 * Bundles the probes, `node FILE '["bridge","br0",{…}]'` of which prints the reading as JSON; or another program beside
 * them, its imports resolved from here.
 */
export function bundleProbes(contents = PROGRAM): BundledProgram {
  return bundledProgram({ contents, from: fileURLToPath(new URL('.', import.meta.url)) });
}

function must(argv: readonly string[]): string {
  const [program, ...rest] = argv as [string, ...string[]];
  const done = spawnSync(program, rest, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (done.status === 0) return done.stdout;
  throw new Error(`${argv.join(' ')}: ${done.error?.message ?? done.stderr}`);
}

/** Countdowns, and the count of tracked connections: what moves by itself. */
const MOVING_FIELD = /"[a-z_]*timer":[^,}]*/g;
const MOVING_SETTING = /\/nf_conntrack_count:/;

export function makeTestBed(): TestBed {
  const name = `hwt-${randomBytes(4).toString('hex')}`;
  const program = bundleProbes();
  must(['ip', 'netns', 'add', name]);
  const inside = ['ip', 'netns', 'exec', name];

  function probeArgv(call: readonly unknown[], prefix: readonly string[] = []): readonly string[] {
    return [...inside, ...prefix, process.execPath, program.file, JSON.stringify(call)];
  }
  function probe<T>(call: readonly unknown[], prefix?: readonly string[]): T {
    return JSON.parse(must(probeArgv(call, prefix))) as T;
  }
  function run(command: string): string {
    return must([...inside, ...command.split(' ')]);
  }
  return {
    run,
    set: (key, value) => void run(`sysctl -q -w ${key}=${value}`),
    bridge: (bridge, options, prefix) => probe(['bridge', bridge, options ?? {}], prefix),
    forward: (options, prefix) => probe(['forward', options ?? {}], prefix),
    sweep: () => probe(['sweep']),
    startBridge(bridge) {
      const [first, ...rest] = probeArgv(['bridge', bridge]) as [string, ...string[]];
      return spawn(first, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
    },
    throwaways: () => [...run('ip -o link show').matchAll(/^\d+: (hwp\w+)/gm)].map(([, link]) => link ?? ''),
    state() {
      const kinds = ['link show', 'addr show', 'route show table all', '-6 route show table all', 'neigh show'];
      const listed = [...kinds.map((kind) => `ip -d -j ${kind}`), 'ip -j rule show', 'bridge -j fdb show'];
      const settings = must([...inside, 'sh', '-c', 'grep -rs "" /proc/sys/net || true'])
        .split('\n')
        .filter((line) => !MOVING_SETTING.test(line))
        .sort();
      return Object.fromEntries([
        ...listed.map((command) => [command, run(command).replaceAll(MOVING_FIELD, '')]),
        ['/proc/sys/net', settings.join('\n')],
      ]);
    },
    remove() {
      must(['ip', 'netns', 'del', name]);
      program.remove();
    },
  };
}
