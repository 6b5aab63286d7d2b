import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { bootMachine, type Machine } from '../../lab/runtime/machine.ts';
import { runtime } from '../../lab/runtime/runtime.ts';
import { type CriServer, reordered, startCriServer } from '../../test/cri-server.ts';
import { type HostLocal, hostLocal } from '../../test/host-local.ts';
import { type CriClient, connectCri } from '../hosts/cri/client.ts';

/**
 * Sandboxes come and go as fast as the machine allows while leaked addresses are reclaimed in a loop beside them. What
 * must never happen: a live sandbox without its lease, an address of two sandboxes. What must: every leaked one goes.
 */

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const CREATIONS = 2_000;
const REAL_CREATIONS = 80;
const AT_ONCE = 24;
/** Above what the scripted runtime takes from a lease to the list that shows its sandbox, as the default is above a real one's. */
const GRACE = '3s';
const LONGEST_HOLD_MS = 800;
const LIST_LAG_MS = 400;

/** Numerical Recipes' linear congruential generator: the same storm at every run, as far as the machine's timing lets it be. */
function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Who holds which address, as the creators know it, and what went wrong. */
function ledger(addresses: HostLocal) {
  const holders = new Map<string, string>();
  const wrongs: string[] = [];
  return {
    wrongs,
    holders,
    took(ip: string, id: string): void {
      const other = holders.get(ip);
      if (other !== undefined) wrongs.push(`${ip} given to ${id} while ${other} holds it`);
      holders.set(ip, id);
    },
    async check(ip: string, id: string): Promise<void> {
      const content = await readFile(join(addresses.directory, ip), 'utf8').catch(() => 'no lease');
      if (!content.startsWith(id)) wrongs.push(`${id} lives at ${ip}, whose lease says ${content.split('\r\n')[0]}`);
    },
    left(ip: string): void {
      holders.delete(ip);
    },
  };
}

type Ledger = ReturnType<typeof ledger>;

/** Runs `work` until stopped; resolves when the last run has ended. */
function looping(work: () => Promise<void>): () => Promise<void> {
  let going = true;
  const loop = (async () => {
    while (going) await work();
  })();
  // What went wrong is told to whoever stops it.
  loop.catch(() => undefined);
  return () => {
    going = false;
    return loop;
  };
}

interface Storm {
  readonly server: CriServer;
  readonly cri: CriClient;
  readonly book: Ledger;
  /** Addresses whose sandbox the runtime forgot without giving them back; one as often as that happened. */
  readonly forgotten: string[];
}

/** One sandbox's life: made, lived in, and then given back, or, one in ten, forgotten. */
async function live({ server, cri, book, forgotten }: Storm, name: string, roll: () => number): Promise<void> {
  const fate = roll();
  const id = await cri.run({ metadata: { name, uid: name, namespace: 'default', attempt: 0 } });
  const ip = server.sandboxes.get(id)?.ips?.[0] ?? '';
  await wait(roll() * 300);
  await book.check(ip, id);
  book.left(ip);
  if (fate < 0.1) {
    forgotten.push(ip);
    server.sandboxes.delete(id);
  } else await cri.remove(id);
}

it('takes no live lease in a storm of sandboxes on a runtime that lags, reorders and fails', {
  timeout: 600_000,
}, async () => {
  const addresses = await hostLocal({ subnets: ['10.52.0.0/22'] });
  const book = ledger(addresses);
  const roll = dice(42);
  const server = await startCriServer({
    list: reordered(1),
    after: (method) => wait(method === 'ListPodSandbox' ? roll() * LIST_LAG_MS : 0),
    fail: (method) =>
      method === 'ListPodSandbox' && roll() < 0.1 ? { code: 'UNAVAILABLE', words: 'busy' } : undefined,
    async add(id) {
      const ips = await addresses.add(id);
      for (const ip of ips) book.took(ip, id);
      // The network is there; the sandbox's list entry comes later.
      await wait(roll() * LONGEST_HOLD_MS);
      return { ips };
    },
    del: (id) => addresses.del(id),
  });
  const disk = await mkdtemp(join(tmpdir(), 'hayward-storm-'));
  const machine = await bootMachine(disk);
  try {
    const opened = await connectCri(server.socket);
    if (!opened.known) throw new Error(opened.detail);
    const storm: Storm = { server, cri: opened.value, book, forgotten: [] };
    const given: string[] = [];
    const stop = looping(async () => {
      given.push(...(await reclaim(machine, addresses, server)));
    });
    let made = 0;
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (made < CREATIONS) await live(storm, `pod-${made++}`, roll);
      }),
    );
    await stop();
    // What was forgotten last is leaked once the grace time has passed.
    const last = performance.now() + 60_000;
    while ((await addresses.leases()).size > 0 && performance.now() < last) {
      given.push(...(await reclaim(machine, addresses, server)));
    }
    storm.cri.close();
    expect(book.wrongs).toEqual([]);
    expect(await addresses.leases()).toEqual(new Map());
    expect(given.toSorted()).toEqual(storm.forgotten.toSorted());
    expect(given.length).toBeGreaterThan(CREATIONS / 20);
  } finally {
    await machine.cut();
    await server.close();
    await addresses.dispose();
    await rm(disk, { recursive: true, force: true });
  }
});

/** Leases of an hour ago at the far end of the range, of sandboxes nobody knows; their addresses. */
async function leakBehind(directory: string): Promise<readonly string[]> {
  await mkdir(directory, { recursive: true });
  const leaked = Array.from({ length: 20 }, (_, index) => `10.52.0.${100 + index}`);
  const then = Date.now() / 1000 - 3600;
  for (const [index, ip] of leaked.entries()) {
    await writeFile(join(directory, ip), `${String(index).padStart(64, 'd')}\r\neth0`, { mode: 0o600 });
    await utimes(join(directory, ip), then, then);
  }
  return leaked;
}

async function reclaim(machine: Machine, addresses: HostLocal, server: CriServer): Promise<readonly string[]> {
  const where = ['--data-dir', addresses.dataDir, '--network', 'k8s-pod-network', '--cri-socket', server.socket];
  const argv = [process.execPath, CLI, 'leases', 'reclaim', '--yes', '--json', '--grace', GRACE, ...where];
  const { stdout, stderr } = await machine.exec(argv);
  if (stdout === '') throw new Error(stderr);
  return (JSON.parse(stdout) as { reclaimed: string[] }).reclaimed;
}

it('takes no live lease beside real sandboxes that come and go', { timeout: 300_000 }, async () => {
  const node = await runtime({ subnet: '10.52.0.0/25' });
  try {
    const leaked = await leakBehind(node.leaseDirectory);
    const wrongs: string[] = [];
    const given: string[] = [];
    const round = async () => {
      const { stdout, stderr } = await node.hayward(['leases', 'reclaim', '--yes', '--json', '--grace', GRACE]);
      if (stdout === '') throw new Error(stderr);
      given.push(...(JSON.parse(stdout) as { reclaimed: string[] }).reclaimed);
    };
    const stop = looping(round);
    let made = 0;
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        while (made < REAL_CREATIONS) {
          const id = await node.sandbox(`pod-${made++}`);
          const held = (await node.leases()).filter(({ containerId }) => containerId === id);
          if (held.length !== 1) wrongs.push(`${id} has ${held.length} leases`);
          await node.stop(id);
        }
      }),
    );
    await stop();
    // Namespaces that are being made may have stood against every round so far; now none is.
    await round();
    expect(wrongs).toEqual([]);
    expect(given.toSorted()).toEqual(leaked.toSorted());
    expect(await node.leases()).toEqual([]);
  } finally {
    await node.dispose();
  }
});
