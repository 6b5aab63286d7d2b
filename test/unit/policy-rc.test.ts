import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const MODULE = new URL('../../scripts/setup/policy-rc.mjs', import.meta.url).href;

let folder = '';
let policy = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hayward-policy-'));
  policy = join(folder, 'policy-rc.d');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A run that tells when the work has begun, and works until it is told to end. */
function run(work: string) {
  const program = `import { withoutServiceStarts } from '${MODULE}';
    import { spawn } from 'node:child_process';
    import { once } from 'node:events';
    import { readFileSync, writeSync } from 'node:fs';
    await withoutServiceStarts(async () => { ${work} }, process.argv[1]);
    writeSync(1, 'went on');`;
  return spawn(process.execPath, ['--input-type=module', '-e', program, policy], { stdio: ['pipe', 'pipe', 'ignore'] });
}

const WORK = `const cat = spawn('cat', { stdio: ['inherit', 'ignore', 'ignore'] });
  writeSync(1, readFileSync(process.argv[1], 'utf8'));
  await once(cat, 'close');`;

test('a policy that was there is back after the work, and denies nothing of its own', async () => {
  await writeFile(policy, 'theirs');
  const child = run(WORK);
  const [during] = (await once(child.stdout, 'data')) as [Buffer];
  expect(during.toString()).toContain('exit 101');
  child.stdin.end();
  await once(child, 'close');
  expect(await readFile(policy, 'utf8')).toBe('theirs');
  expect(await readdir(folder)).toEqual(['policy-rc.d']);
});

test('where there was none there is none after, also when the work throws', async () => {
  const child = run(`throw new Error('no')`);
  child.stdin.end();
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(1);
  expect(await readdir(folder)).toEqual([]);
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends the run, once the policy is back', async (signal) => {
  await writeFile(policy, 'theirs');
  const child = run(`process.once('${signal}', () => writeSync(1, 'caught')); ${WORK}`);
  await once(child.stdout, 'data');
  child.kill(signal);
  // The kernel may hand the signal and the end of the work to two threads: only what was caught came before that end.
  await once(child.stdout, 'data');
  child.stdin.end();
  const [, by] = (await once(child, 'close')) as [number | null, string | null];
  expect(by).toBe(signal);
  expect(await readFile(policy, 'utf8')).toBe('theirs');
});

test('what a killed run left is put right by the next', async () => {
  await writeFile(policy, 'theirs');
  const killed = run(WORK);
  await once(killed.stdout, 'data');
  killed.kill('SIGKILL');
  killed.stdin.end();
  await once(killed, 'close');
  expect(await readdir(folder)).toHaveLength(2);
  const next = run('');
  next.stdin.end();
  await once(next, 'close');
  expect(await readFile(policy, 'utf8')).toBe('theirs');
  expect(await readdir(folder)).toEqual(['policy-rc.d']);
});
