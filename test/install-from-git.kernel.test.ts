import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { must } from '../lab/command.ts';

/** As pre-commit installs a hook of the language node: npm's global installation of the repository, in which there is no dist/. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Large, and never committed. */
const APART = ['.git', 'node_modules', 'dist'];
const LIMIT_MS = 300_000;
let folder: string;
let repository: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hayward-from-git-'));
  repository = join(folder, 'repository');
  // What would be committed, so that what has just been written counts too; .gitignore leaves out the rest of it.
  const isOurs = (path: string): boolean => !APART.includes(relative(ROOT, path));
  await cp(ROOT, repository, { recursive: true, filter: isOurs });
  const git = ['git', '-c', 'user.name=test', '-c', 'user.email=test@example.org'];
  for (const step of ['init -q', 'add -A', 'commit -qm all']) {
    await must([...git, ...step.split(' ')], { cwd: repository });
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('is a program that runs', { timeout: LIMIT_MS }, async () => {
  const prefix = join(folder, 'prefix');
  const npm = ['npm', 'install', '--global', '--prefix', prefix, '--prefer-offline', '--install-links'];
  await must([...npm, `git+file://${repository}`], { cwd: folder, timeoutMs: LIMIT_MS });
  const { version } = JSON.parse(await must(['git', 'show', 'HEAD:package.json'], { cwd: repository }));
  expect(await must([join(prefix, 'bin/hayward'), '--version'])).toContain(version);
});
