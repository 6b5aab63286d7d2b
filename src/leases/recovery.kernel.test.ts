import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LabRuntime, runtime } from '../../lab/runtime/runtime.ts';
import { AN_HOUR, type LeaseNode, leaseNode } from '../../test/lease-node.ts';

/** A /28 less its network, broadcast and gateway addresses. */
const CAPACITY = 13;
const EXHAUSTED =
  'plugin type="bridge" failed (add): failed to allocate for range 0: no IP addresses available in range set: 10.52.0.1-10.52.0.14';

let node: LabRuntime;
let pods: LeaseNode;
beforeEach(async () => {
  node = await runtime({ subnet: '10.52.0.0/28' });
  pods = leaseNode(node);
});
afterEach(() => node.dispose());

describe('a node whose sandboxes live', () => {
  it('has no leaked lease, whatever the age of its leases', async () => {
    await pods.start(3);
    await node.age(AN_HOUR);
    const { listing, exit } = await pods.leases();
    expect(await pods.states()).toEqual({ live: ['10.52.0.2', '10.52.0.3', '10.52.0.4'] });
    expect(listing.networks).toMatchObject([
      { name: 'k8s-pod-network', capacity: CAPACITY, used: 3, leaked: 0, free: 10 },
    ]);
    expect(exit).toBe(0);
    expect((await pods.problems()).found).toEqual([]);
  });
});

describe('a node that lost its power, and whose runtime forgot', () => {
  it('is full; reclaim gives back exactly the leaked, and Pods start again without a restart', async () => {
    await pods.start(CAPACITY);
    const leaked = await pods.addresses();
    await node.age(AN_HOUR);
    await node.powerCut({ forget: true });
    await node.restart();
    await expect(node.sandbox('waiting')).rejects.toThrow(EXHAUSTED);

    const before = await pods.problems();
    expect(before.found).toEqual(['cni-lease-leak', 'cni-range-exhausted']);
    expect(before.exit).toBe(1);
    const seen = await pods.leases();
    expect(await pods.states()).toEqual({ leaked: expect.arrayContaining([...leaked]) });
    expect(seen.listing.networks).toMatchObject([{ capacity: CAPACITY, used: CAPACITY, leaked: CAPACITY, free: 0 }]);
    expect(seen.exit).toBe(1);

    const dry = await pods.leases('reclaim', '--dry-run');
    expect(dry.listing.reclaimed ?? []).toEqual([]);
    expect(await node.leases()).toHaveLength(CAPACITY);

    const { listing, exit, said } = await pods.leases('reclaim', '--yes');
    expect(said).toBe('');
    expect([...(listing.reclaimed ?? [])].sort()).toEqual([...leaked].sort());
    expect(exit).toBe(0);
    expect(await node.leases()).toEqual([]);

    const again = await pods.leases('reclaim', '--yes');
    expect(again.listing.reclaimed).toEqual([]);
    expect(again.exit).toBe(0);
    const ids = await pods.start(CAPACITY, 'back');
    expect(await pods.addresses(ids)).toHaveLength(CAPACITY);
  });

  it('keeps the leases of what was started since, in the midst of the leaked', async () => {
    await pods.start(10);
    await node.age(AN_HOUR);
    await node.powerCut({ forget: true });
    await node.restart();
    const young = await pods.start(2, 'new');
    const kept = await pods.addresses(young);
    expect((await pods.states()).live?.toSorted()).toEqual(kept.toSorted());
    const { listing, exit } = await pods.leases('reclaim', '--yes', '--max', '4');
    expect(listing.reclaimed).toHaveLength(4);
    expect(exit).toBe(1);
    const rest = await pods.leases('reclaim', '--yes');
    expect(rest.listing.reclaimed).toHaveLength(6);
    expect(rest.exit).toBe(0);
    expect(await pods.addresses()).toEqual(kept);
  });

  it('leaves leases alone that are younger than the grace time', async () => {
    await pods.start(2);
    await node.powerCut({ forget: true });
    await node.restart();
    expect(Object.keys(await pods.states())).toEqual(['grace']);
    expect((await pods.leases('reclaim', '--yes')).listing.reclaimed).toEqual([]);
    expect(await node.leases()).toHaveLength(2);
  });

  it('has nothing taken from it while the runtime is stopped, whatever is leaked', async () => {
    await pods.start(2);
    const leaked = await pods.addresses();
    await node.powerCut({ forget: true });
    await node.restart();
    const [young = ''] = await pods.start(1, 'new');
    await node.age(AN_HOUR);
    await node.halt();
    const listed = await pods.leases();
    // The new Pod's shim still says whose it is; of the others nothing can be proven.
    expect(await pods.states()).toEqual({ live: await pods.addresses([young]), unknown: leaked });
    expect(listed.exit).toBe(3);
    async function nothingIsTaken(): Promise<void> {
      const { listing, exit } = await pods.leases('reclaim', '--yes');
      expect(listing.reclaimed).toEqual([]);
      expect(exit).toBe(3);
      expect(await node.leases()).toHaveLength(3);
    }
    await nothingIsTaken();
    await node.exec(['rm', node.place]);
    await nothingIsTaken();
    await node.restart();
    expect((await pods.leases('reclaim', '--yes')).listing.reclaimed).toEqual(leaked);
  });

  it('gets back by undo what is still free, and never what was handed out since', async () => {
    await pods.start(CAPACITY);
    const before = await node.leases();
    await node.age(AN_HOUR);
    await node.powerCut({ forget: true });
    await node.restart();
    await pods.leases('reclaim', '--yes');
    const [young = ''] = await pods.start(1, 'new');
    const [taken] = await pods.addresses([young]);
    await node.hayward(['undo', '--yes', '--json']);
    const after = await node.leases();
    expect(after.filter(({ ip }) => ip !== taken)).toEqual(before.filter(({ ip }) => ip !== taken));
    expect(after.find(({ ip }) => ip === taken)?.containerId).toBe(young);
  });
});

describe('a node that lost its power, and whose runtime remembers', () => {
  it('has its dead sandboxes given back by the runtime itself', async () => {
    await pods.start(CAPACITY);
    const leaked = await pods.addresses();
    await node.age(AN_HOUR);
    await node.powerCut({ forget: false });
    await node.restart();
    await expect(node.sandbox('waiting')).rejects.toThrow(EXHAUSTED);
    expect((await pods.states()).leaked?.toSorted()).toEqual(leaked.toSorted());
    const { listing, exit } = await pods.leases('reclaim', '--yes');
    expect(listing.reclaimed?.toSorted()).toEqual(leaked.toSorted());
    expect(exit).toBe(0);
    expect(await node.leases()).toEqual([]);
    await pods.start(CAPACITY, 'back');
  });
});
