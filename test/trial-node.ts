import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readRuns } from '../src/remedies/interrupted.ts';
import type { RunRecord } from '../src/remedies/run-record.ts';
import { watcherOf } from '../src/remedies/trial/watcher.ts';

const DIST = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program on a terminal of its own. */
export interface OnTerminal {
  /** All that was printed so far. */
  printed(): string;
  type(text: string): void;
  /** Resolves once it printed that. */
  prints(what: RegExp): Promise<void>;
  /** The terminal goes, as when its window is closed or the connection behind it is lost. */
  close(): void;
  readonly ended: Promise<number | null>;
}

/**
 * A router that does not forward: a network namespace with two guests behind it, over IPv4 and IPv6, and files of its own
 * below /etc and /run.
 */
export interface TrialNode {
  readonly directory: string;
  readonly journal: string;
  /** Of the process whose namespaces the node is. */
  readonly pid: number;
  readonly guests: readonly [string, string];
  shell(script: string): string;
  /** Words that run a program on the node, its state in the node's directory. */
  command(words: readonly string[], program?: string): readonly string[];
  hayward(...words: readonly string[]): Ended;
  onTerminal(words: readonly string[], program?: string): OnTerminal;
  /** The switches of both families. */
  forwards(): readonly string[];
  lastRun(): RunRecord;
  /** Resolves once the last run came to its end; with what its journal tells then. */
  settled(): Promise<RunRecord>;
  /** The watcher's process, while it lives. */
  watcher(): number | undefined;
  reset(): void;
  remove(): Promise<void>;
}

export async function until<T>(look: () => T | undefined | false): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await delay(50);
  }
}

export async function trialNode(): Promise<TrialNode> {
  const name = `hwt-${randomBytes(4).toString('hex')}`;
  const directory = mkdtempSync(join(tmpdir(), 'hayward-trial-'));
  const journal = join(directory, 'state', 'journal');
  const guests = [`${name}a`, `${name}b`] as const;
  for (const namespace of [name, ...guests]) must(['ip', 'netns', 'add', namespace]);
  const holder = spawn('ip', ['netns', 'exec', name, 'unshare', '-m', 'sh', '-euc', HOLD, directory]);
  await once(holder.stdout, 'data');
  const pid = Number(holder.pid);
  const inside = ['nsenter', '-t', String(pid), '-m', '-n', '--'];
  const shell = (script: string) => must([...inside, 'sh', '-euc', script]);
  shell('ip link set lo up');
  for (const [index, guest] of guests.entries()) {
    // From outside: the names of namespaces lie below the machine's own /run.
    must(['ip', '-n', name, 'link', 'add', `guest${index}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', guest]);
    shell(`ip addr add 10.9.${index}.1/24 dev guest${index}; ip addr add fd0${index}::1/64 dev guest${index} nodad
      ip link set guest${index} up`);
    must(['ip', '-n', guest, 'addr', 'add', `10.9.${index}.2/24`, 'dev', 'eth0']);
    must(['ip', '-n', guest, 'link', 'set', 'eth0', 'up']);
  }
  const command = (words: readonly string[], program = DIST) => [
    ...inside,
    'env',
    `HAYWARD_STATE=${join(directory, 'state')}`,
    process.execPath,
    program,
    ...words,
  ];
  const lastRun = () => {
    const run = readRuns(journal).runs.at(-1);
    if (!run) throw new Error('there is no run');
    return run;
  };
  const node: TrialNode = {
    directory,
    journal,
    pid,
    guests,
    shell,
    command,
    hayward(...words) {
      const [program = '', ...argv] = command(words);
      return spawnSync(program, argv, { encoding: 'utf8' });
    },
    onTerminal: (words, program) => onTerminal(command(words, program)),
    forwards: () => shell('cd /proc/sys/net; cat ipv4/ip_forward ipv6/conf/all/forwarding').trim().split('\n'),
    lastRun,
    settled: () => until(() => (lastRun().end === undefined ? undefined : lastRun())),
    watcher: () => watcherOf(journal, lastRun().run)?.pid,
    reset() {
      rmSync(join(directory, 'state'), { recursive: true, force: true });
      shell(
        'cd /proc/sys/net; echo 0 >ipv4/ip_forward; echo 0 >ipv6/conf/all/forwarding; rm -f /etc/sysctl.d/*hayward*',
      );
    },
    async remove() {
      const ended = once(holder, 'exit');
      holder.kill('SIGKILL');
      await ended;
      for (const namespace of [name, ...guests]) must(['ip', 'netns', 'del', namespace]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
  node.reset();
  return node;
}

/** What is written below /etc and /run stays in the node; both end with its last process. */
const HOLD = `
mount --make-rprivate /
mkdir "$0/over"; mount -t tmpfs tmpfs "$0/over"; mkdir "$0/over/up" "$0/over/work"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$0/over/up,workdir=$0/over/work" /etc
mount -t tmpfs tmpfs /run
echo ready
exec sleep infinity
`;

function onTerminal(argv: readonly string[]): OnTerminal {
  const line = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  // By a shell in between: script(1) stops together with a child of its own that is stopped.
  const child: ChildProcess = spawn('script', ['-qefc', `trap : INT; ${line}; exit $?`, '/dev/null'], {
    env: { ...process.env, SHELL: '/bin/sh', TERM: 'xterm' },
  });
  let text = '';
  child.stdout?.on('data', (part: Buffer) => {
    text += part.toString('utf8');
  });
  child.stdin?.on('error', () => undefined);
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => resolve(code));
  });
  return {
    printed: () => text,
    type: (typed) => void child.stdin?.write(typed),
    async prints(what) {
      let over = false;
      void ended.then(() => {
        over = true;
      });
      await until(() => what.test(text) || over);
      if (!what.test(text)) throw new Error(`it ended without printing ${what}: ${text}`);
    },
    close: () => void child.kill('SIGKILL'),
    ended,
  };
}

function must(argv: readonly string[]): string {
  const [program = '', ...rest] = argv;
  const done = spawnSync(program, rest, { encoding: 'utf8' });
  if (done.status === 0) return done.stdout;
  throw new Error(`${argv.join(' ')}: ${done.error?.message ?? done.stderr}`);
}
