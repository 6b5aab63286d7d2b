import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { cacheFolder } from '../cache.ts';
import { kubePrograms } from './programs.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hayward-assets-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

it('the programs of KUBEBUILDER_ASSETS are used for the version they are, and others are built', async () => {
  vi.stubEnv('KUBEBUILDER_ASSETS', '');
  const built = await kubePrograms('1.34');
  expect(built.kubeApiserver.startsWith(cacheFolder('kube', 'v1.34.'))).toBe(true);
  await symlink(built.etcd, join(folder, 'etcd'));
  await symlink(built.kubeApiserver, join(folder, 'kube-apiserver'));
  vi.stubEnv('KUBEBUILDER_ASSETS', folder);
  expect(await kubePrograms('1.34')).toEqual({
    etcd: join(folder, 'etcd'),
    kubeApiserver: join(folder, 'kube-apiserver'),
  });
  expect((await kubePrograms('1.33')).kubeApiserver.startsWith(cacheFolder('kube', 'v1.33.'))).toBe(true);
});
