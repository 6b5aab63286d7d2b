import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { apiServer, type LabApiServer } from './api-server.ts';

let server: LabApiServer;
beforeAll(async () => {
  server = await apiServer();
});
afterAll(() => server.dispose());

async function gitVersion(): Promise<string> {
  const { text } = await server.admin.ask('/version');
  return (JSON.parse(text) as { gitVersion: string }).gitVersion;
}

describe('a real API server', () => {
  it('knows who asks, and nobody without credentials', async () => {
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const asked = { method: 'POST', body: review } as const;
    const node = await server.node('node-1');
    const { text } = await node.ask('/apis/authentication.k8s.io/v1/selfsubjectreviews', asked);
    expect(JSON.parse(text)).toMatchObject({
      status: { userInfo: { username: 'system:node:node-1', groups: ['system:nodes', 'system:authenticated'] } },
    });
    const stranger = await server.user({ name: 'stranger', groups: ['nobodies'] });
    expect(await stranger.ask('/api/v1/pods')).toMatchObject({ status: 403 });
    const expired = await server.user({
      name: 'late',
      groups: ['system:masters'],
      notAfter: new Date(Date.now() - 60_000),
    });
    expect(await expired.ask('/api/v1/pods')).toMatchObject({ status: 401 });
  });

  it('keeps its objects while it is killed and becomes another version', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'harvester-system' } };
    await server.admin.ask('/api/v1/namespaces', { method: 'POST', body: namespace });
    expect(await gitVersion()).toMatch(/^v1\.33\./);
    await server.kill();
    await expect(server.admin.ask('/readyz')).rejects.toThrow('ECONNREFUSED');
    await server.start({ version: '1.34' });
    expect(await gitVersion()).toMatch(/^v1\.34\./);
    expect(await server.admin.ask('/api/v1/namespaces/harvester-system')).toMatchObject({ status: 200 });
  });

  it('answers nothing while it is frozen, and goes on after', async () => {
    await server.freeze();
    await expect(server.admin.ask('/readyz', { timeoutMs: 500 })).rejects.toThrow('aborted');
    server.thaw();
    expect(await server.admin.ask('/readyz')).toEqual({ status: 200, text: 'ok' });
  });
});

describe('nothing stays behind', () => {
  it('when it is done with, even frozen', async () => {
    const gone = await apiServer();
    const { pid } = gone;
    const folder = dirname(gone.admin.kubeconfig);
    await gone.freeze();
    await gone.dispose();
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(existsSync(folder)).toBe(false);
    expect(await processesWith(folder)).toEqual([]);
  });

  it('when it never started', async () => {
    const own = await mkdtemp(join(tmpdir(), 'hayward-never-'));
    vi.stubEnv('TMPDIR', own);
    await expect(apiServer({ arguments: ['--no-such-flag'] })).rejects.toThrow('Error: unknown flag: --no-such-flag');
    expect(await readdir(own)).toEqual([]);
    expect(await processesWith(own)).toEqual([]);
    vi.unstubAllEnvs();
    await rmdir(own);
  });
});

/** Command lines of living processes that name a path. */
async function processesWith(path: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(path));
}
