import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

/** A process of its own, as a test is, that has a server running and a folder; it says both and lives on. */
const PROGRAM = `
import { keptFolder, startDaemon } from './processes.ts';
const { path } = await keptFolder('hayward-processes-');
const { pid } = await startDaemon(['sleep', '600'], path + '/log');
console.log(JSON.stringify({ path, pid }));
`;

it('a test that is killed takes its servers and its folder with it', async () => {
  const resolveDir = fileURLToPath(new URL('.', import.meta.url));
  const bundle = await build({
    stdin: { contents: PROGRAM, resolveDir, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
  });
  const program = bundle.outputFiles[0]?.text ?? '';
  const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(owner.stdout, 'data')) as [Buffer];
  const { path, pid } = JSON.parse(said.toString('utf8')) as { path: string; pid: number };
  expect([existsSync(path), existsSync(`/proc/${pid}`)]).toEqual([true, true]);
  owner.kill('SIGKILL');
  await expect.poll(() => [existsSync(path), existsSync(`/proc/${pid}`)], { timeout: 30_000 }).toEqual([false, false]);
});
