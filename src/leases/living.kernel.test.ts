import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LabRuntime, runtime } from '../../lab/runtime/runtime.ts';
import { AN_HOUR, type LeaseNode, leaseNode } from '../../test/lease-node.ts';

/** Pods that run while something denies it: what other reclaimers took for leaked, and gave to a second Pod. */

let node: LabRuntime;
let pods: LeaseNode;
beforeEach(async () => {
  node = await runtime({ subnet: '10.52.0.0/28' });
  pods = leaseNode(node);
});
afterEach(() => node.dispose());

async function nothingIsTaken(): Promise<void> {
  const before = await pods.addresses();
  expect((await pods.states())['leaked']).toBeUndefined();
  const { listing } = await pods.leases('reclaim', '--yes');
  expect(listing.reclaimed).toEqual([]);
  expect(await pods.addresses()).toEqual(before);
}

/** Ids, on the node, of processes whose names begin so. */
async function named(name: string): Promise<readonly string[]> {
  const { stdout } = await node.exec(['sh', '-c', 'grep -l "^$0" /proc/[0-9]*/comm', name]);
  return [...stdout.matchAll(/^\/proc\/(\d+)\/comm$/gm)].map(([, pid = '']) => pid);
}

describe('Pods that run', () => {
  it('keep their leases when the runtime has forgotten them', async () => {
    await pods.start(3);
    await node.age(AN_HOUR);
    await node.halt();
    await node.exec(['sh', '-c', 'rm -rf /var/lib/containerd/*']);
    await node.restart();
    expect(await (await node.cri()).sandboxes()).toMatchObject({ known: true, value: [] });
    await nothingIsTaken();
  });

  it('keep their leases when their shims were killed as well', async () => {
    await pods.start(3);
    await node.age(AN_HOUR);
    await node.halt();
    await node.exec(['sh', '-c', 'rm -rf /var/lib/containerd/*']);
    await node.exec(['kill', '-9', ...(await named('containerd-shim'))]);
    await node.restart();
    await expect.poll(() => named('containerd-shim')).toEqual([]);
    await nothingIsTaken();
  });

  it('keep the leases of namespaces whose processes have ended: a container may be put into one again', async () => {
    await pods.start(2);
    await node.age(AN_HOUR);
    await node.halt();
    await node.exec(['sh', '-c', 'rm -rf /var/lib/containerd/*']);
    await node.exec(['kill', '-9', ...(await named('containerd-shim')), ...(await named('busybox'))]);
    await node.restart();
    await expect.poll(() => named('busybox')).toEqual([]);
    await nothingIsTaken();
  });
});

describe("the articles' cure, deleting the leases by hand while Pods run,", () => {
  it('is found, and so is the address that was given to a second Pod by it', async () => {
    const [first] = await pods.start(2);
    for (const name of await readdir(node.leaseDirectory)) await rm(join(node.leaseDirectory, name));
    expect((await pods.problems(AN_HOUR)).found).toEqual(['cni-lease-missing']);
    const [second] = await pods.start(1, 'new');
    const { found, findings, exit } = await pods.problems(AN_HOUR);
    expect(found).toContain('cni-address-duplicate');
    expect(exit).toBe(1);
    const duplicate = findings.find(
      ({ problem, status }) => problem === 'cni-address-duplicate' && status === 'problem',
    );
    expect(JSON.stringify(duplicate)).toContain('10.52.0.2');
    expect(first).not.toBe(second);
    await node.age(AN_HOUR);
    await nothingIsTaken();
  });
});
