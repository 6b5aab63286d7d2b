import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CriServer, startCriServer } from '../../test/cri-server.ts';
import { type HostLocal, hostLocal } from '../../test/host-local.ts';
import { network } from '../../test/lease-looks.ts';
import { type StagedClock, stagedClock, stagedHost } from '../../test/staged-host.ts';
import { type CriClient, connectCri } from '../hosts/cri/client.ts';
import type { ActingHost } from '../hosts/host.ts';
import { GUARDS } from '../leases/guards.ts';
import { observeAndJudge } from '../leases/observe.ts';
import { networkReports } from '../leases/report.ts';
import { type ReclaimOptions, type ReclaimParts, reclaimOn } from './reclaim-flow.ts';

/**
 * The whole of `leases reclaim` against a Pod that is just being made: real host-local, real locks and journal, a runtime
 * that lists a sandbox when RunPodSandbox has ended, as containerd does, and clocks that the test moves.
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const GRACE = 10 * MINUTE;
const NOW = Date.parse('2026-06-01T12:00:00Z');
const YEARS = 20 * 365 * DAY;
const POD = { metadata: { name: 'pod', uid: 'pod', namespace: 'default', attempt: 0 } };

let addresses: HostLocal;
let server: CriServer;
let cri: CriClient;
let directory: string;
let clock: StagedClock;

beforeEach(async () => {
  addresses = await hostLocal();
  server = await startCriServer();
  const opened = await connectCri(server.socket);
  if (!opened.known) throw new Error(opened.detail);
  cri = opened.value;
  directory = mkdtempSync(join(tmpdir(), 'hayward-races-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  cri.close();
  await server.close();
  await addresses.dispose();
  rmSync(directory, { recursive: true, force: true });
});

/** A lease for a sandbox, stamped by the node's clock as it stands, or stood. */
async function lease(id: string, atMs = clock.nowMs): Promise<string> {
  const [ip = ''] = await addresses.add(id);
  utimesSync(join(addresses.directory, ip), atMs / 1000, atMs / 1000);
  return ip;
}

/** A node that booted a day ago, and whose clock was right all the time. */
function dayOld(): void {
  clock = stagedClock(NOW - DAY);
  clock.pass(DAY);
}

/** RunPodSandbox, held after ADD until it is let go. */
async function heldPod(): Promise<{ readonly ip: string; letGo(): Promise<void> }> {
  let release = (): void => undefined;
  let took = (_ip: string): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const taken = new Promise<string>((resolve) => {
    took = resolve;
  });
  server.script({
    async add(id) {
      const ip = await lease(id);
      took(ip);
      await released;
      // The runtime tells no address: the listing itself must keep the lease.
      return {};
    },
  });
  const running = cri.run(POD);
  return {
    ip: await Promise.race([taken, running]),
    async letGo() {
      release();
      await running;
    },
  };
}

const OPTIONS: Omit<ReclaimOptions, 'scope'> = {
  lang: 'en',
  width: 80,
  json: true,
  quiet: true,
  dryRun: false,
  yes: true,
  wait: false,
};
const scope = () => ({ dataDirs: [addresses.dataDir], criSocket: server.socket });
const unexpected: ReclaimParts['pause'] = () => Promise.reject(new Error('nobody asked to wait'));

/** `leases reclaim --yes --json`; the addresses it gave back, and its exit status. */
async function reclaim(host: ActingHost, parts: Partial<ReclaimParts> = {}, more: Partial<ReclaimOptions> = {}) {
  const told: string[] = [];
  const tell = (text: string | Uint8Array): boolean => told.push(String(text)) > 0;
  const spies = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')];
  for (const [nth, spy] of spies.entries()) spy.mockImplementation(nth === 0 ? tell : () => true);
  try {
    const options = { ...OPTIONS, scope: scope(), ...more };
    const exit = await reclaimOn({ host, directory }, options, { pause: unexpected, ...parts });
    const { reclaimed } = JSON.parse(told.join('')) as { reclaimed: readonly string[] };
    return { reclaimed: [...reclaimed].sort(), exit };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

const without = (guard: string) => ({ guards: GUARDS.filter(({ id }) => id !== guard) });
const held = async () => [...(await addresses.leases()).keys()].sort();
const stateOf = async (host: ActingHost, ip: string) =>
  (await observeAndJudge(host, scope(), GRACE)).verdicts.find(({ lease }) => lease.ip === ip)?.state;

describe('RunPodSandbox held for five minutes after ADD', () => {
  beforeEach(dayOld);

  it('keeps the lease all the while, beside leaked ones that go, and the lease is live afterwards', async () => {
    const host = stagedHost(clock);
    const pod = await heldPod();
    for (let minute = 0; minute < 5; minute += 1) {
      expect(await stateOf(host, pod.ip)).toBe('grace');
      const leaked = await lease(String(minute).repeat(64), clock.nowMs - HOUR);
      expect(await reclaim(host)).toEqual({ reclaimed: [leaked], exit: 0 });
      expect(await held()).toEqual([pod.ip]);
      clock.pass(MINUTE);
    }
    await pod.letGo();
    for (const later of [0, HOUR]) {
      clock.pass(later);
      expect(await stateOf(host, pod.ip)).toBe('live');
      expect(await reclaim(host)).toEqual({ reclaimed: [], exit: 0 });
    }
    expect(await held()).toEqual([pod.ip]);
  });

  it('loses it without the grace time', async () => {
    const pod = await heldPod();
    clock.pass(MINUTE);
    expect(await reclaim(stagedHost(clock), without('grace-time'))).toEqual({ reclaimed: [pod.ip], exit: 0 });
    expect(await held()).toEqual([]);
    await pod.letGo();
  });

  // The grace time is over before the Pod is there: only the namespace that the plugins have not finished tells of it.
  it('keeps it beyond the grace time by the namespace, and loses it without that', async () => {
    const unfinished = () => ['netns 4 200 /run/netns/cni-1', 'entered 200'];
    const host = stagedHost(clock, unfinished);
    const pod = await heldPod();
    clock.pass(HOUR);
    expect(await reclaim(host)).toEqual({ reclaimed: [], exit: 3 });
    expect(await held()).toEqual([pod.ip]);
    expect(await reclaim(host, without('no-strangers'))).toEqual({ reclaimed: [pod.ip], exit: 0 });
    await pod.letGo();
  });
});

describe('RunPodSandbox that ends between the two looks (whereabouts#207)', () => {
  beforeEach(dayOld);

  /** The Pod is complete once the first look is taken; those after it are taken anew, or are the first again. */
  async function race(later: 'anew' | 'not at all'): Promise<string> {
    const pod = await heldPod();
    clock.pass(HOUR);
    const host = stagedHost(clock);
    let first: ReturnType<ActingHost['collect']> | undefined;
    await reclaim({
      ...host,
      async collect(asks, options) {
        if (first) return later === 'anew' ? host.collect(asks, options) : first;
        first = host.collect(asks, options);
        await first;
        await pod.letGo();
        return first;
      },
    });
    return pod.ip;
  }

  it('keeps its lease', async () => {
    const ip = await race('anew');
    expect(await held()).toEqual([ip]);
  });

  it('loses it without a second look', async () => {
    await race('not at all');
    expect(await held()).toEqual([]);
  });
});

/** What it leaked at the boots of last month, by a clock that was right. */
const HISTORY = [30, 20, 10].map((daysAgo, nth) => {
  return { atMs: NOW - daysAgo * DAY, bootId: String(nth), network: 'k8s-pod-network', used: 9 * nth, leaked: 4 * nth };
});

/** The forecast for a range with addresses left. */
async function forecast(host: ActingHost) {
  const seen = await observeAndJudge(host, scope(), GRACE);
  const { ranges } = network('10.52.0.254');
  const networks = seen.look.networks.map((one) => ({ ...one, ranges }));
  const history = HISTORY.map((one) => ({ ...one, dataDir: addresses.dataDir }));
  return networkReports({ seen: { ...seen, look: { ...seen.look, networks } }, history, lang: 'en' })[0]?.forecast;
}

/** A node an hour after its boot, with a leaked lease, a running Pod and one that is just being made. */
async function node({ bootMs, setTo, leakedMs = bootMs }: { bootMs: number; setTo?: number; leakedMs?: number }) {
  clock = stagedClock(bootMs);
  const leaked = await lease('d'.repeat(64), leakedMs);
  const id = 'a'.repeat(64);
  const running = await lease(id);
  server.sandboxes.set(id, { id });
  clock.pass(HOUR);
  const pod = await heldPod();
  if (setTo !== undefined) clock.set(setTo);
  clock.pass(MINUTE);
  return { leaked, living: [running, pod.ip].sort(), pod, host: stagedHost(clock) };
}

describe('a clock 20 years off', () => {
  const WRONG = [
    ['behind at boot, and set right since', { bootMs: NOW - YEARS, setTo: NOW }],
    ['ahead at boot, and set right since', { bootMs: NOW + YEARS, setTo: NOW }],
    ['behind since somebody set it, and right at boot', { bootMs: NOW - HOUR, setTo: NOW - YEARS }],
    ['ahead since somebody set it, and right at boot', { bootMs: NOW - HOUR, setTo: NOW + YEARS }],
    ['behind all the time, with a lease from better times', { bootMs: NOW - YEARS, leakedMs: NOW - DAY }],
  ] as const;
  it.each(WRONG)('%s: nothing living goes, and what leaked goes by two looks', async (_, times) => {
    const { leaked, living, pod, host } = await node(times);
    expect(await reclaim(host)).toEqual({ reclaimed: [], exit: 3 });
    expect(await forecast(host)).toEqual({ exhaustedAt: null, why: expect.stringContaining('cannot be told') });
    const pause = vi.fn(async (ms: number) => {
      clock.pass(ms);
      await pod.letGo();
    });
    expect(await reclaim(host, { pause }, { wait: true })).toEqual({ reclaimed: [leaked], exit: 0 });
    expect(pause).toHaveBeenCalledTimes(1);
    expect(await held()).toEqual(living);
  });

  it('ahead all the time: what leaked is old by any clock, and goes at once', async () => {
    const { leaked, living, pod, host } = await node({ bootMs: NOW + YEARS, leakedMs: NOW - DAY });
    expect(await reclaim(host)).toEqual({ reclaimed: [leaked], exit: 0 });
    expect(await forecast(host)).toEqual({ exhaustedAt: null, why: expect.stringContaining('cannot be told') });
    await pod.letGo();
    expect(await held()).toEqual(living);
  });

  it.each([WRONG[0], WRONG[3]])(
    '%s: a Pod that is being made would lose its lease without that guard',
    async (_, times) => {
      const { living, pod, host } = await node(times);
      expect((await reclaim(host, without('honest-clock'))).reclaimed).toContain(pod.ip);
      expect(await held()).toEqual(living.filter((ip) => ip !== pod.ip));
      await pod.letGo();
    },
  );

  it.each([
    ['keeps what was taken while it waited', {}, 1],
    ['would lose that without its guard', without('same-file'), 0],
  ])('%s', async (_, parts, left) => {
    const { living, pod, host } = await node(WRONG[0][1]);
    let young = '';
    const pause = async (ms: number) => {
      await pod.letGo();
      clock.pass(ms - MINUTE);
      young = await lease('e'.repeat(64));
      clock.pass(MINUTE);
    };
    await reclaim(host, { pause, ...parts }, { wait: true });
    expect((await held()).filter((ip) => ip === young)).toHaveLength(left);
    expect(await held()).toEqual(expect.arrayContaining(living));
  });
});
