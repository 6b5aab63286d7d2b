import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerCri, type ListedSandbox } from '../../src/hosts/cri/listing.ts';
import { type LabRuntime, runtime } from './runtime.ts';

let node: LabRuntime;
beforeAll(async () => {
  node = await runtime({ subnet: '10.52.0.0/29' });
});
afterAll(() => node.dispose());

async function listed(): Promise<readonly ListedSandbox[]> {
  const entry = await answerCri(node.socket);
  if (entry.state !== 'ok') throw new Error(entry.detail);
  return (JSON.parse(entry.text) as { items: ListedSandbox[] }).items;
}

async function namespaces(): Promise<string[]> {
  const { stdout } = await node.exec(['ls', '/run/netns']);
  return stdout.split('\n').filter((name) => name.startsWith('cni-'));
}

describe('a real runtime', () => {
  it('says what it is', async () => {
    const version = await (await node.cri()).version();
    expect(version).toMatchObject({ known: true, value: { runtimeName: 'containerd', runtimeApiVersion: 'v1' } });
  });

  it('starts a sandbox with an address, tells its network, and gives the address back', async () => {
    const id = await node.sandbox('web-0');
    expect(await node.leases()).toEqual([{ ip: '10.52.0.2', containerId: id }]);
    const [sandbox] = await listed();
    expect(sandbox).toMatchObject({
      id,
      state: 'SANDBOX_READY',
      metadata: { name: 'web-0', namespace: 'default', uid: 'uid-of-web-0' },
      network: { ips: ['10.52.0.2'], hostNetwork: false },
    });
    // Within a minute of now, whichever of the two clocks is read first: nanoseconds, not seconds or milliseconds.
    expect(Math.abs(Number(sandbox?.createdAt) / 1e6 - Date.now())).toBeLessThan(60_000);
    await node.stop(id);
    expect(await node.leases()).toEqual([]);
    expect(await listed()).toEqual([]);
  });

  it('starts a sandbox in the host network without an address', async () => {
    const cri = await node.cri();
    const metadata = { name: 'proxy', uid: 'uid-of-proxy', namespace: 'kube-system', attempt: 0 };
    const linux = { cgroupParent: node.cgroup, securityContext: { namespaceOptions: { network: 'NODE' as const } } };
    const id = await cri.run({ metadata, linux });
    expect(await node.leases()).toEqual([]);
    expect(await listed()).toMatchObject([{ id, network: { ips: [], hostNetwork: true } }]);
    await node.stop(id);
  });

  it("knows no sandbox that never was, by gRPC's own word", async () => {
    const cri = await node.cri();
    expect(await cri.status('f'.repeat(64))).toMatchObject({ known: false, reason: 'absent' });
    await expect(cri.stop('f'.repeat(64))).rejects.toMatchObject({ name: 'HostError', code: 'NOT_FOUND' });
  });

  it('is stopped alone while its sandboxes live on, and knows them when it is back', async () => {
    const id = await node.sandbox('web-0');
    const before = await namespaces();
    await node.halt();
    expect(await answerCri(node.socket)).toEqual({
      state: 'failed',
      detail: `${node.socket}: nobody listens (the runtime is not running)`,
    });
    expect(await namespaces()).toEqual(before);
    const { stdout } = await node.exec(['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "']);
    expect(stdout).toContain(`containerd-shim-runc-v2 -namespace k8s.io -id ${id}`);
    await node.restart();
    expect(await listed()).toMatchObject([{ id, state: 'SANDBOX_READY' }]);
    await node.stop(id);
    expect(await node.leases()).toEqual([]);
  });

  it('loses power and remembers: its sandboxes are not ready, their leases are given back by stopping them', async () => {
    const id = await node.sandbox('web-0');
    await node.powerCut({ forget: false });
    expect(await node.leases()).toMatchObject([{ containerId: id }]);
    await node.restart();
    expect(await namespaces()).toEqual([]);
    expect(await listed()).toMatchObject([{ id, state: 'SANDBOX_NOTREADY' }]);
    await node.stop(id);
    expect(await node.leases()).toEqual([]);
  });

  it('loses power and forgets: the leases stay for ever, and the last one ends in the true error', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await node.sandbox(name);
    await node.powerCut({ forget: true });
    await node.restart();
    expect(await listed()).toEqual([]);
    expect(await node.leases()).toHaveLength(5);
    await expect(node.sandbox('f')).rejects.toThrow(
      'plugin type="bridge" failed (add): failed to allocate for range 0: no IP addresses available in range set: 10.52.0.1-10.52.0.6',
    );
  });

  it('leaves nothing behind on this machine', async () => {
    const gone = await runtime();
    await gone.sandbox('web-0');
    const { pid, cgroup } = gone;
    await gone.dispose();
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    const hierarchies = await readdir('/sys/fs/cgroup').catch(() => []);
    expect(hierarchies.filter((one) => existsSync(`/sys/fs/cgroup/${one}${cgroup}`))).toEqual([]);
    expect(existsSync(`/sys/fs/cgroup${cgroup}`)).toBe(false);
    expect(existsSync(`${tmpdir()}${cgroup}`)).toBe(false);
  });
});
