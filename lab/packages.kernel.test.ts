import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exists } from './cache.ts';
import { command } from './command.ts';
import { libraryPath, unpacked } from './packages.ts';

let cache = '';
const before = process.env['HAYWARD_CACHE'];

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'hayward-packages-'));
  process.env['HAYWARD_CACHE'] = cache;
});

afterAll(async () => {
  if (before === undefined) delete process.env['HAYWARD_CACHE'];
  else process.env['HAYWARD_CACHE'] = before;
  await rm(cache, { recursive: true, force: true });
});

test('a package becomes a folder of files, once, and is not installed', async () => {
  const [first, second] = await Promise.all([unpacked('busybox-static'), unpacked('busybox-static')]);
  expect(first).toBe(second);
  expect(await readdir(join(cache, 'packages'))).toHaveLength(1);
  expect((await exists(join(first, 'bin/busybox'))) || (await exists(join(first, 'usr/bin/busybox')))).toBe(true);
  expect(await exists(join(first, '.archives'))).toBe(false);
});

test('a program finds the libraries that came along', async () => {
  const folder = await unpacked('openssh-server', { dependencies: true });
  const version = await command([join(folder, 'usr/sbin/sshd'), '-V'], {
    env: { ...process.env, LD_LIBRARY_PATH: await libraryPath(folder) },
  });
  expect(version.stderr).toMatch(/OpenSSH_/);
});

test('a package nobody has is an error that names it, and leaves nothing behind', async () => {
  const kept = await readdir(join(cache, 'packages'));
  await expect(unpacked('hayward-no-such-package')).rejects.toThrow('apt knows no package hayward-no-such-package');
  expect(await readdir(join(cache, 'packages'))).toEqual(kept);
});
