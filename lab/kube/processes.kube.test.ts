import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** A process of its own, as a test is, that has a server running and a folder; it says both and lives on. */
const PROGRAM = `
import { keptFolder, startDaemon } from './processes.ts';
const { path } = await keptFolder('hayward-processes-');
const { pid } = await startDaemon(['sleep', '600'], path + '/log');
console.log(JSON.stringify({ path, pid }));
`;

/** A setpriv that asks the kernel only when whoever started it is gone. */
const LATE = `#!/bin/sh
PATH="\${PATH#*:}"
while [ -d "/proc/$PPID" ]; do sleep 0.05; done
exec setpriv "$@"
`;

let program = '';
let slow = '';
const owners: Owner[] = [];
beforeAll(async () => {
  const resolveDir = fileURLToPath(new URL('.', import.meta.url));
  const stdin = { contents: PROGRAM, resolveDir, loader: 'ts' } as const;
  const bundle = await build({ stdin, bundle: true, write: false, format: 'esm', platform: 'node' });
  program = bundle.outputFiles[0]?.text ?? '';
  slow = await mkdtemp(join(tmpdir(), 'hayward-setpriv-'));
});
afterAll(async () => {
  // What a failed test left running.
  for (const { pid } of owners) if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
  await rm(slow, { recursive: true });
});

interface Owner {
  readonly child: ChildProcess;
  readonly path: string;
  readonly pid: number;
}

async function start(env: NodeJS.ProcessEnv = process.env): Promise<Owner> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const owner = { child, ...(JSON.parse(said.toString('utf8')) as { path: string; pid: number }) };
  owners.push(owner);
  return owner;
}

async function nothingLeft({ path, pid }: Owner): Promise<void> {
  await expect.poll(() => [existsSync(path), existsSync(`/proc/${pid}`)], { timeout: 30_000 }).toEqual([false, false]);
}

it('a test that is killed takes its servers and its folder with it', async () => {
  const owner = await start();
  await expect.poll(() => readFile(`/proc/${owner.pid}/comm`, 'utf8'), { timeout: 30_000 }).toBe('sleep\n');
  expect(existsSync(owner.path)).toBe(true);
  owner.child.kill('SIGKILL');
  await nothingLeft(owner);
});

it('a server does not start when its test was killed before the kernel was asked to watch', async () => {
  await writeFile(join(slow, 'setpriv'), LATE, { mode: 0o755 });
  const owner = await start({ ...process.env, PATH: [slow, process.env['PATH']].join(delimiter) });
  expect(existsSync(`/proc/${owner.pid}`)).toBe(true);
  owner.child.kill('SIGKILL');
  await nothingLeft(owner);
});
