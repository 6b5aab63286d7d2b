import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LabRuntime, runtime } from '../../lab/runtime/runtime.ts';
import type { Finding } from '../judging/finding.ts';

/** What `hayward leases --json` says, as far as these tests read it. */
interface Listing {
  readonly networks: readonly {
    readonly name: string;
    readonly capacity: number;
    readonly used: number;
    readonly leaked: number;
    readonly free: number;
    readonly leases: readonly { readonly ip: string; readonly containerId: string; readonly state: string }[];
  }[];
  /** Of `leases reclaim` alone. */
  readonly reclaimed?: readonly string[];
}

/** A /28 less its network, broadcast and gateway addresses. */
const CAPACITY = 13;
const AN_HOUR = 3600;
const EXHAUSTED =
  'plugin type="bridge" failed (add): failed to allocate for range 0: no IP addresses available in range set: 10.52.0.1-10.52.0.14';

let node: LabRuntime;
beforeEach(async () => {
  node = await runtime({ subnet: '10.52.0.0/28' });
});
afterEach(() => node.dispose());

async function start(count: number, prefix = 'pod'): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  const ids: string[] = [];
  for (const name of names) ids.push(await node.sandbox(name));
  return ids;
}

async function leases(...args: string[]): Promise<{ listing: Listing; exit: number | null; said: string }> {
  const { stdout, stderr, exitCode } = await node.hayward(['leases', ...args, '--json']);
  if (stdout === '') throw new Error(`leases ${args.join(' ')}: exit ${exitCode}: ${stderr}`);
  return { listing: JSON.parse(stdout) as Listing, exit: exitCode, said: stderr };
}

/** Addresses by state, in the order of the listing. */
function states({ networks: [network] }: Listing): Record<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { ip, state } of network?.leases ?? []) found.set(state, [...(found.get(state) ?? []), ip]);
  return Object.fromEntries(found);
}

async function addresses(ids: readonly string[]): Promise<string[]> {
  return (await node.leases()).filter(({ containerId }) => ids.includes(containerId)).map(({ ip }) => ip);
}

async function problems(): Promise<{ found: string[]; findings: readonly Finding[]; exit: number | null }> {
  const { stdout, exitCode } = await node.hayward(['doctor', '--json']);
  const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
  const found = findings.filter(({ status }) => status === 'problem').map(({ problem }) => problem);
  return { found: [...new Set(found)], findings, exit: exitCode };
}

describe('a node whose sandboxes live', () => {
  it('has no leaked lease, whatever the age of its leases', async () => {
    await start(3);
    await node.age(AN_HOUR);
    const { listing, exit } = await leases();
    expect(states(listing)).toEqual({ live: ['10.52.0.2', '10.52.0.3', '10.52.0.4'] });
    expect(listing.networks).toMatchObject([
      { name: 'k8s-pod-network', capacity: CAPACITY, used: 3, leaked: 0, free: 10 },
    ]);
    expect(exit).toBe(0);
    expect((await problems()).found).toEqual([]);
  });
});

describe('a node that lost its power, and whose runtime forgot', () => {
  it('is full; reclaim gives back exactly the leaked, and Pods start again without a restart', async () => {
    await start(CAPACITY);
    const leaked = (await node.leases()).map(({ ip }) => ip);
    await node.age(AN_HOUR);
    await node.powerCut({ forget: true });
    await node.restart();
    await expect(node.sandbox('waiting')).rejects.toThrow(EXHAUSTED);

    const before = await problems();
    expect(before.found.sort()).toEqual(['cni-lease-leak', 'cni-range-exhausted']);
    expect(before.exit).toBe(1);
    const seen = await leases();
    expect(states(seen.listing)).toEqual({ leaked: expect.arrayContaining(leaked) });
    expect(seen.listing.networks).toMatchObject([{ capacity: CAPACITY, used: CAPACITY, leaked: CAPACITY, free: 0 }]);
    expect(seen.exit).toBe(1);

    const dry = await leases('reclaim', '--dry-run');
    expect(dry.listing.reclaimed ?? []).toEqual([]);
    expect(await node.leases()).toHaveLength(CAPACITY);

    const { listing, exit, said } = await leases('reclaim', '--yes');
    expect(said).toBe('');
    expect([...(listing.reclaimed ?? [])].sort()).toEqual([...leaked].sort());
    expect(exit).toBe(0);
    expect(await node.leases()).toEqual([]);

    const again = await leases('reclaim', '--yes');
    expect(again.listing.reclaimed).toEqual([]);
    expect(again.exit).toBe(0);
    const ids = await start(CAPACITY, 'back');
    expect(await addresses(ids)).toHaveLength(CAPACITY);
  });

  it('keeps the leases of what was started since, in the midst of the leaked', async () => {
    await start(10);
    await node.age(AN_HOUR);
    await node.powerCut({ forget: true });
    await node.restart();
    const young = await start(2, 'new');
    const kept = await addresses(young);
    expect(states((await leases()).listing).live?.toSorted()).toEqual(kept.toSorted());
    const { listing, exit } = await leases('reclaim', '--yes', '--max', '4');
    expect(listing.reclaimed).toHaveLength(4);
    expect(exit).toBe(1);
    const rest = await leases('reclaim', '--yes');
    expect(rest.listing.reclaimed).toHaveLength(6);
    expect(rest.exit).toBe(0);
    expect((await node.leases()).map(({ ip }) => ip)).toEqual(kept);
  });

  it('leaves leases alone that are younger than the grace time', async () => {
    await start(2);
    await node.powerCut({ forget: true });
    await node.restart();
    expect(Object.keys(states((await leases()).listing))).toEqual(['grace']);
    expect((await leases('reclaim', '--yes')).listing.reclaimed).toEqual([]);
    expect(await node.leases()).toHaveLength(2);
  });

  it('has nothing taken from it while the runtime is stopped, whatever is leaked', async () => {
    await start(2);
    const leaked = (await node.leases()).map(({ ip }) => ip);
    await node.powerCut({ forget: true });
    await node.restart();
    const [young = ''] = await start(1, 'new');
    await node.age(AN_HOUR);
    await node.halt();
    const listed = await leases();
    // The new Pod's shim still says whose it is; of the others nothing can be proven.
    expect(states(listed.listing)).toEqual({ live: await addresses([young]), unknown: leaked });
    expect(listed.exit).toBe(3);
    const { listing, exit } = await leases('reclaim', '--yes');
    expect(listing.reclaimed).toEqual([]);
    expect(exit).toBe(3);
    expect(await node.leases()).toHaveLength(3);
    await node.restart();
    expect((await leases('reclaim', '--yes')).listing.reclaimed).toEqual(leaked);
  });

  it('gets back by undo what is still free, and never what was handed out since', async () => {
    await start(CAPACITY);
    const before = await node.leases();
    await node.age(AN_HOUR);
    await node.powerCut({ forget: true });
    await node.restart();
    await leases('reclaim', '--yes');
    const [young = ''] = await start(1, 'new');
    const [taken] = await addresses([young]);
    await node.hayward(['undo', '--yes', '--json']);
    const after = await node.leases();
    expect(after.filter(({ ip }) => ip !== taken)).toEqual(before.filter(({ ip }) => ip !== taken));
    expect(after.find(({ ip }) => ip === taken)?.containerId).toBe(young);
  });
});

describe('a node that lost its power, and whose runtime remembers', () => {
  it('has its dead sandboxes given back by the runtime itself', async () => {
    await start(CAPACITY);
    const leaked = (await node.leases()).map(({ ip }) => ip);
    await node.age(AN_HOUR);
    await node.powerCut({ forget: false });
    await node.restart();
    await expect(node.sandbox('waiting')).rejects.toThrow(EXHAUSTED);
    expect(states((await leases()).listing).leaked?.toSorted()).toEqual(leaked.toSorted());
    const { listing, exit } = await leases('reclaim', '--yes');
    expect(listing.reclaimed?.toSorted()).toEqual(leaked.toSorted());
    expect(exit).toBe(0);
    expect(await node.leases()).toEqual([]);
    await start(CAPACITY, 'back');
  });
});
