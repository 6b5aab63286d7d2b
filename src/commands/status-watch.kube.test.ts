import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { apiServer, type LabApiServer } from '../../lab/kube/api-server.ts';
import { loopbackAddress, type ManagementSite, managementSite } from '../../lab/kube/management-site.ts';
import { type SmallCluster, smallCluster } from '../../lab/kube/small-cluster.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const OPEN = '\x1b[?1049h\x1b[?25l';
const CLOSE = '\x1b[?25h\x1b[?1049l';

let server: LabApiServer;
let cluster: SmallCluster;
let site: ManagementSite;
let renewing: { readonly stop: AbortController; readonly done: Promise<void> };
const running: ChildProcess[] = [];
beforeAll(async () => {
  server = await apiServer();
  const address = loopbackAddress();
  cluster = await smallCluster(server, address);
  site = await managementSite(server, address);
});
// As kubelets do: somebody watches for longer than a Lease holds.
beforeEach(async () => {
  await cluster.renew();
  const stop = new AbortController();
  renewing = { stop, done: renewUntil(stop.signal) };
});
afterEach(async () => {
  renewing.stop.abort();
  for (const child of running.splice(0)) child.kill('SIGKILL');
  await renewing.done;
});
afterAll(async () => {
  await site.stop();
  await server.dispose();
});

async function renewUntil(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await wait(1_000, undefined, { signal }).catch(() => undefined);
    // While the server is down nobody renews.
    await cluster.renew().catch(() => undefined);
  }
}

interface Watched {
  readonly child: ChildProcess;
  /** All it wrote. */
  output(): string;
  /** Resolves when it has written this, after what was there when it was called. */
  says(text: string): Promise<void>;
  ends(): Promise<number | null>;
}

function watched(argv: readonly [string, ...string[]]): Watched {
  const [program, ...args] = argv;
  const env = { ...process.env, LC_ALL: 'C.UTF-8', TERM: 'xterm', HAYWARD_STATE: '/dev/null' };
  const child = spawn(program, args, { env });
  running.push(child);
  const ended = once(child, 'close') as Promise<[number | null]>;
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
  });
  return {
    child,
    output: () => output,
    async says(text) {
      const before = output.length;
      await expect.poll(() => output.slice(before), { timeout: 60_000 }).toContain(text);
    },
    ends: async () => (await ended)[0],
  };
}

/** In a terminal of its own, by util-linux' script(1), that has 24 lines of 80 columns. */
function onTerminal(folder: string): Watched {
  const command = `${process.execPath} ${CLI} status --kubeconfig ${server.admin.kubeconfig} --watch`;
  const before = join(folder, 'before');
  const after = join(folder, 'after');
  // Ctrl-C reaches the shell as well: it is to see what the terminal is like afterwards.
  const lines = `trap : INT; stty rows 24 cols 80; stty -g > ${before}; ${command}; s=$?; stty -g > ${after}; cmp ${before} ${after} && echo AS-IT-WAS; exit $s`;
  return watched(['script', '-qefc', lines, '/dev/null']);
}

it('redraws in place, says what changed, and is not blocked by a server that hangs', async () => {
  const watch = onTerminal(dirname(server.admin.kubeconfig));
  await watch.says('✓ ready');
  expect(watch.output()).toContain(OPEN);
  await server.freeze();
  try {
    await watch.says('looking, for');
    await watch.says('ready → settling');
  } finally {
    server.thaw();
  }
  expect(watch.output()).toContain('apiserver-unready');
  await watch.says('settling → ready');
  const frames = watch.output().split('\x1b[H').slice(1, -1);
  // Each fits the terminal, so that none scrolls.
  for (const frame of frames) expect(frame.split('\r\n').length).toBeLessThanOrEqual(24);
  watch.child.stdin?.write('\x03');
  expect(await watch.ends()).toBe(0);
  const [, rest = ''] = watch.output().split(CLOSE);
  expect(rest).toContain('✓ ready');
  expect(rest).toContain('AS-IT-WAS');
});

it('ends by Ctrl-C while a request hangs, and gives the terminal back', async () => {
  const watch = onTerminal(dirname(server.admin.kubeconfig));
  await watch.says('✓ ready');
  await server.freeze();
  try {
    await watch.says('looking, for');
    watch.child.stdin?.write('\x03');
    await watch.ends();
  } finally {
    server.thaw();
  }
  expect(watch.output().split(CLOSE)[1]).toContain('AS-IT-WAS');
});

it('writes what changed, a document a line, where nobody watches', async () => {
  const { kubeconfig } = server.admin;
  const watch = watched([process.execPath, CLI, 'status', '--kubeconfig', kubeconfig, '--watch', '--json']);
  await watch.says('"verdict": "ready"');
  await server.kill();
  await watch.says('"verdict": "settling"');
  await server.start();
  await cluster.renew();
  await watch.says('"verdict": "ready"');
  watch.child.kill('SIGINT');
  expect(await watch.ends()).toBe(0);
  const verdicts = watch
    .output()
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { verdict: string }).verdict);
  expect([verdicts[0], verdicts.at(-1)]).toEqual(['ready', 'ready']);
  expect(verdicts).toContain('settling');
  expect(watch.output()).not.toContain('\x1b');
});

it('ends when nobody reads what it writes', async () => {
  const { kubeconfig } = server.admin;
  const watch = watched([process.execPath, CLI, 'status', '--kubeconfig', kubeconfig, '--watch', '--json']);
  await watch.says('"verdict": "ready"');
  watch.child.stdout?.destroy();
  await server.kill();
  try {
    expect(await watch.ends()).toBe(3);
  } finally {
    await server.start();
    await cluster.renew();
  }
});

it('several renew the same Leases at once, and none is refused', async () => {
  await Promise.all(Array.from({ length: 8 }, () => cluster.renew()));
});

it('with --wait ends by itself', async () => {
  const { kubeconfig } = server.admin;
  expect(existsSync(kubeconfig)).toBe(true);
  const watch = watched([process.execPath, CLI, 'status', '--kubeconfig', kubeconfig, '--watch', '--wait']);
  expect(await watch.ends()).toBe(0);
  expect(watch.output()).toContain('✓ ready');
});
