import type { ChildProcess } from 'node:child_process';
import { cpSync, existsSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HostLocal, hostLocal } from '../../../test/host-local.ts';
import { localHost } from '../../hosts/local.ts';
import { LOCK_GUARDS, type LockGuards, removeLocked } from '../../hosts/locked-files.ts';
import type { StepOf } from '../actions.ts';
import { releasingLease } from './release-lease.ts';

/**
 * The address of a dead sandbox goes to a living one while its lease is being removed: real host-local gives it back and
 * hands it out again, at the worst moment for each guard in turn. With all guards the living one keeps its lease; without
 * that one it loses it.
 */

const DEAD = 'd'.repeat(64);
const LIVING = 'a'.repeat(64);

let addresses: HostLocal;
let address: string;
let step: StepOf<'release-lease'>;
let beside: Promise<unknown> | undefined;

beforeEach(async () => {
  // Five addresses, all taken: whoever asks gets the one that is given back.
  addresses = await hostLocal({ subnets: ['10.52.0.0/29'] });
  [address = ''] = await addresses.add(DEAD);
  for (const letter of ['1', '2', '3', '4']) await addresses.add(letter.repeat(64));
  step = { kind: 'release-lease', path: join(addresses.directory, address), containerId: DEAD, ifName: 'eth0' };
  beside = undefined;
});
afterEach(async () => {
  await beside;
  await addresses.dispose();
});

async function handOver(): Promise<void> {
  await addresses.del(DEAD);
  expect(await addresses.add(LIVING)).toEqual([address]);
}

/** The same in a process beside this one; returns, without giving up the thread, when it is done or waits for the lock. */
function handOverBeside(): void {
  const child = addresses.begin([
    ['DEL', DEAD],
    ['ADD', LIVING],
  ]);
  beside = ended(child);
  const lock = join(addresses.directory, 'lock');
  const last = performance.now() + 20_000;
  while (!isOver(child) && !isAwaited(lock)) {
    if (performance.now() > last) throw new Error('host-local neither ended nor came to its lock');
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`host-local: exit ${code}`))));
  });
}

/** Ended, though this thread has not heard of it yet (proc(5), state Z). */
function isOver({ pid }: ChildProcess): boolean {
  const path = `/proc/${pid}/stat`;
  return !existsSync(path) || /^\d+ \(.*\) [ZX]/.test(readFileSync(path, 'utf8'));
}

/** Whether somebody waits for a lock on this file: a line with an arrow in /proc/locks (proc(5)). */
function isAwaited(lock: string): boolean {
  const inode = statSync(lock).ino;
  return new RegExp(`^\\d+: -> FLOCK .*:${inode} `, 'm').test(readFileSync('/proc/locks', 'utf8'));
}

/** As the articles' cure does, with what a backup kept: the same files, and another lock. */
function makeDirectoryAnew(): void {
  const copy = `${addresses.directory}.copy`;
  cpSync(addresses.directory, copy, { recursive: true, preserveTimestamps: true });
  rmSync(addresses.directory, { recursive: true });
  renameSync(copy, addresses.directory);
}

interface Race {
  readonly guard: keyof LockGuards | 'holderOf';
  readonly race: string;
  /** Before the step looks at the lease; between that and its removal. */
  readonly before?: () => Promise<void>;
  readonly between?: () => Promise<void>;
  /** What happens while the lock is taken and held. */
  readonly during?: (guards: LockGuards) => Partial<LockGuards>;
}

const atLastLook = ({ lastLook }: LockGuards): Partial<LockGuards> => ({
  lastLook(path, expected) {
    const found = lastLook(path, expected);
    handOverBeside();
    return found;
  },
});

const RACES: readonly Race[] = [
  {
    guard: 'holderOf',
    race: 'whereabouts#176: by the time of the step the address is another’s',
    before: handOver,
  },
  {
    guard: 'lastLook',
    race: 'whereabouts#75: it is handed out again between the decision and the late removal',
    between: handOver,
  },
  {
    guard: 'takesLock',
    race: 'it is handed out again between the last look and the removal',
    during: atLastLook,
  },
  {
    guard: 'isStill',
    race: 'the same, where the directory was made anew with another lock',
    during(guards) {
      let anew = false;
      return {
        ...atLastLook(guards),
        takesLock(file) {
          if (!anew) makeDirectoryAnew();
          anew = true;
          return guards.takesLock(file);
        },
      };
    },
  },
];

const ABSENT: Readonly<Record<Race['guard'], Partial<LockGuards>>> = {
  takesLock: { takesLock: async () => true },
  isStill: { isStill: () => true },
  lastLook: { lastLook: () => 'expected' },
  holderOf: {},
};

/** The step as a run carries it out: looked at, then applied where there is something to do. */
async function release({ before, between, during }: Race, absent?: Race['guard']): Promise<void> {
  const inForce = { ...LOCK_GUARDS, ...(absent && ABSENT[absent]) };
  const guards = { ...inForce, ...during?.(inForce) };
  const host = {
    ...localHost(),
    removeLocked: (...[path, removal]: Parameters<typeof removeLocked>) => removeLocked(path, removal, guards),
  };
  const actions = absent === 'holderOf' ? releasingLease(() => 'this') : releasingLease();
  await before?.();
  const image = await actions.observe(host, step);
  if (!image.known) throw new Error(image.detail);
  await between?.();
  if (!actions.asWanted(step, image.value)) await actions.apply(host, step, image.value);
  await beside;
}

describe.each(RACES)('$guard: $race', (race) => {
  it('leaves the lease to whom it was handed', async () => {
    await release(race);
    expect((await addresses.leases()).get(address)).toBe(LIVING);
  });

  it('alone: left out, a living Pod loses its lease', async () => {
    await release(race, race.guard);
    expect([...(await addresses.leases()).values()].sort()).toEqual(['1', '2', '3', '4'].map((one) => one.repeat(64)));
  });
});

it('every guard has a race that it alone wins', () => {
  expect(new Set(RACES.map(({ guard }) => guard))).toEqual(new Set([...Object.keys(LOCK_GUARDS), 'holderOf']));
});
