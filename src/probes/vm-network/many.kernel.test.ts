import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BundledProgram } from '../../../lab/bundled-program.ts';
import { must } from '../../../lab/command.ts';
import { bundleProbes } from '../kernel-test-bed.ts';

/** Many probes in one process, each on a bridge of its own, with the kernel beyond its uplink. */

const BRIDGES = 40;
/** Prints what came of each, in their order; of none, what it swept. */
const PROGRAM = `
import { boundedProber } from './vm-network/many.ts';
import { sweep } from './throwaway-links.ts';
const [count, most] = JSON.parse(process.argv[2]);
if (count === 0) { process.stdout.write(JSON.stringify(sweep())); process.exit(); }
const probe = boundedProber(most);
const one = async (n) => {
  const { outcome, failure, facts } = await probe({ bridge: 'b' + n, vlan: 0, cidr: '10.1.' + n + '.0/24', gateway: '10.1.' + n + '.1',
    servers: [], uplinks: ['u' + n], count: 3, offerWaitMs: 1000 });
  return [outcome.reason, failure?.detail ?? null, facts?.frames.filter((frame) => frame.at === 'u' + n).length ?? 0];
};
const all = await Promise.all(Array.from({ length: count }, (_, n) => one(n)));
process.stdout.write(JSON.stringify(all));
`;
type Told = readonly [reason: string, detail: string | null, seenAtUplink: number];

let program: BundledProgram;
let node: string;
let outside: string;

beforeAll(() => {
  program = bundleProbes(PROGRAM);
});
afterAll(() => program.remove());

/** Each uplink leads to an interface outside that is its network's gateway. */
beforeEach(async () => {
  const token = randomBytes(4).toString('hex');
  node = `hwt-${token}-many`;
  outside = `hwt-${token}-far`;
  for (const name of [node, outside]) {
    await must(['ip', 'netns', 'add', name]);
    const keys = ['all', 'default'].map((one) => `net.ipv6.conf.${one}.disable_ipv6=1`);
    await must(['ip', 'netns', 'exec', name, 'sysctl', '-q', '-w', ...keys]);
  }
  const each = (lines: (n: number) => readonly string[]): string =>
    Array.from({ length: BRIDGES }, (_, n) => lines(n))
      .flat()
      .join('\n');
  const bridges = each((n) => [
    `link add b${n} type bridge mcast_snooping 0`,
    `link add u${n} type veth peer name g${n} netns ${outside}`,
    `link set u${n} master b${n} up`,
    `link set b${n} up`,
  ]);
  await must(['ip', '-n', node, '-batch', '-'], { stdin: bridges });
  const gateways = each((n) => [`addr add 10.1.${n}.1/24 dev g${n}`, `link set g${n} up`]);
  await must(['ip', '-n', outside, '-batch', '-'], { stdin: gateways });
});
afterEach(async () => {
  for (const name of [node, outside]) await must(['ip', 'netns', 'del', name]);
});

function start(count: number, most: number) {
  const argv = ['netns', 'exec', node, process.execPath, program.file, JSON.stringify([count, most])];
  const child = spawn('ip', argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (chunk) => {
      said[stream] += chunk;
    });
  return { child, said, ended: once(child, 'close') };
}

async function throwaways(): Promise<number> {
  const links = await must(['ip', '-n', node, '-o', 'link', 'show']);
  return [...links.matchAll(/^\d+: hwp\w+/gm)].length;
}

const LIMIT = { timeout: 60_000, interval: 10 };

describe('many probes at once', () => {
  it('each see their own network, at the station and at the uplink, and leave nothing', async () => {
    const { said, ended } = start(BRIDGES, 30);
    await ended;
    const all = JSON.parse(said.stdout) as Told[];
    expect(all.map(([reason, detail]) => [reason, detail])).toEqual(Array(BRIDGES).fill(['ok', null]));
    expect(all.filter(([, , seenAtUplink]) => seenAtUplink < 6)).toEqual([]);
    expect(await throwaways()).toBe(0);
  });

  it('are not kept back by those whose bridges are missing or vanish', async () => {
    await must(['ip', '-n', node, 'link', 'del', 'b7']);
    const { said, ended } = start(BRIDGES, BRIDGES);
    await vi.waitUntil(async () => (await throwaways()) > BRIDGES, LIMIT);
    await must(['ip', '-n', node, 'link', 'del', 'b9']);
    await ended;
    const all = JSON.parse(said.stdout) as Told[];
    expect(all[7]?.slice(0, 2)).toEqual(['failed', 'there is no bridge b7 here']);
    expect(all[9]?.[0]).toBe('failed');
    expect(all.filter(([reason]) => reason === 'ok')).toHaveLength(BRIDGES - 2);
    expect(await throwaways()).toBe(0);
  });

  it('leave nothing after a signal, and nothing that is not swept after SIGKILL', async () => {
    for (const [signal, left] of [
      ['SIGTERM', false],
      ['SIGKILL', true],
    ] as const) {
      const { child, ended } = start(BRIDGES, BRIDGES);
      await vi.waitUntil(async () => (await throwaways()) > BRIDGES, LIMIT);
      child.kill(signal);
      expect(await ended).toEqual([null, signal]);
      expect((await throwaways()) > 0).toBe(left);
    }
    const { said, ended } = start(0, 0);
    await ended;
    expect((JSON.parse(said.stdout) as string[]).length).toBeGreaterThan(BRIDGES);
    expect(await throwaways()).toBe(0);
  });
});
