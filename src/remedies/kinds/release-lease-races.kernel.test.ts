import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HostLocal, hostLocal } from '../../../test/host-local.ts';
import { SHELLS, shellTransport, type Transport } from '../../../test/shell-transport.ts';
import { type ActingHost, HostError } from '../../hosts/host.ts';
import { localHost } from '../../hosts/local.ts';
import { LOCK_GUARDS, type LockGuards, removeLocked } from '../../hosts/locked-files.ts';
import { sshHost } from '../../hosts/ssh.ts';
import type { StepOf } from '../actions.ts';
import { releasingLease } from './release-lease.ts';

/**
 * The address of a dead sandbox goes to a living one while its lease is being removed: real host-local gives it back and
 * hands it out again, at the worst moment for each guard in turn. With all guards the living one keeps its lease; without
 * that one it loses it. The same on this machine and by the script that a node behind ssh is sent.
 */

type Guard = keyof LockGuards | 'holderOf';
/** Before the step looks at the lease, between that and its removal, when the lock is taken, and after the last look. */
type Moment = 'before' | 'between' | 'atLock' | 'afterLastLook';
interface Race {
  readonly guard: Guard;
  readonly race: string;
  readonly happens: Partial<Record<Moment, 'hand-over' | 'make-anew'>>;
}

const RACES: readonly Race[] = [
  {
    guard: 'holderOf',
    race: 'whereabouts#176: by the time of the step the address is another’s',
    happens: { before: 'hand-over' },
  },
  {
    guard: 'lastLook',
    race: 'whereabouts#75: it is handed out again between the decision and the late removal',
    happens: { between: 'hand-over' },
  },
  {
    guard: 'takesLock',
    race: 'it is handed out again between the last look and the removal',
    happens: { afterLastLook: 'hand-over' },
  },
  {
    guard: 'isStill',
    race: 'the same, where the directory was made anew with another lock',
    happens: { atLock: 'make-anew', afterLastLook: 'hand-over' },
  },
];

const DEAD = 'd'.repeat(64);
const LIVING = 'a'.repeat(64);
const OTHERS = ['1', '2', '3', '4'].map((digit) => digit.repeat(64));

let folder: string;
let addresses: HostLocal;
let address: string;
let transport: Transport | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hayward-release-races-'));
  // Five addresses, all taken: whoever asks gets the one that is given back.
  addresses = await hostLocal({ subnets: ['10.52.0.0/29'] });
  [address = ''] = await addresses.add(DEAD);
  for (const id of OTHERS) await addresses.add(id);
  writeScripts();
});
afterEach(async () => {
  transport?.remove();
  transport = undefined;
  await addresses.dispose();
  rmSync(folder, { recursive: true });
});

/**
 * What happens beside the step. `hand-over` returns when host-local is done or waits for its lock, for which /proc/locks
 * has an arrow (proc(5)). `make-anew` is the articles' cure with what a backup kept: the same files, and another lock.
 */
function writeScripts(): void {
  const { directory } = addresses;
  const calls = addresses.script([
    ['DEL', DEAD],
    ['ADD', LIVING],
  ]);
  writeFileSync(
    join(folder, 'hand-over'),
    `( { ${calls}; } && : >${folder}/handed-over ) </dev/null >/dev/null 2>&1 3>&- 9>&- &
inode=$(stat -c %i ${directory}/lock)
until [ -e ${folder}/handed-over ] || grep -q "^[0-9]*: -> FLOCK .*:$inode " /proc/locks; do :; done
`,
  );
  writeFileSync(
    join(folder, 'make-anew'),
    `[ ! -e ${folder}/anew ] || exit 0
: >${folder}/anew
cp -a ${directory} ${directory}.copy && rm -rf ${directory} && mv ${directory}.copy ${directory}
`,
  );
}

function run(script: string): void {
  const { status, stderr } = spawnSync('timeout', ['20', 'sh', join(folder, script)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script}: exit ${status}: ${stderr}`);
}

/** This machine as a host, with what happens meanwhile, and without one guard. */
function here({ happens: { atLock, afterLastLook } }: Race, absent?: Guard): ActingHost {
  const none: LockGuards = { takesLock: async () => true, isStill: () => true, lastLook: () => 'expected' };
  const left = Object.entries(none).filter(([guard]) => guard === absent);
  const inForce: LockGuards = { ...LOCK_GUARDS, ...Object.fromEntries(left) };
  const guards: LockGuards = {
    ...inForce,
    takesLock(file) {
      if (atLock) run(atLock);
      return inForce.takesLock(file);
    },
    lastLook(path, expected) {
      const found = inForce.lastLook(path, expected);
      if (afterLastLook) run(afterLastLook);
      return found;
    },
  };
  return { ...localHost(), removeLocked: (path, removal) => removeLocked(path, removal, guards) };
}

/** The same of a node behind ssh, by edits of the script that it is sent. */
function behind(shell: string, { happens: { atLock, afterLastLook } }: Race, absent?: Guard): ActingHost {
  const without: Readonly<Record<Guard, readonly string[]>> = {
    takesLock: ['s/until "$F" -n 9/until true/'],
    isStill: ['s|^  \\[ "$l" -ef |  true \\|\\| [ "$l" -ef |'],
    lastLook: ['s/^  \\[ "$s" -eq /  true || [ "$s" -eq /', 's/^  \\[ "$c" = /  true || [ "$c" = /'],
    holderOf: [],
  };
  transport = shellTransport(shell, [
    ...(absent ? without[absent] : []),
    ...(atLock ? [`s|^  n=0$|  n=0; timeout 20 sh ${folder}/${atLock}|`] : []),
    ...(afterLastLook ? [`s|^  step rm -f "$p"|  timeout 20 sh ${folder}/${afterLastLook}; &|`] : []),
  ]);
  return sshHost('node', { sshCommand: transport.sshCommand, sudo: false });
}

/** The step as a run carries it out: looked at, then applied where there is something to do. */
async function release(host: ActingHost, { happens: { before, between } }: Race, absent?: Guard): Promise<void> {
  const path = join(addresses.directory, address);
  const step: StepOf<'release-lease'> = { kind: 'release-lease', path, containerId: DEAD, ifName: 'eth0' };
  const actions = absent === 'holderOf' ? releasingLease(() => 'this') : releasingLease();
  if (before) run(before);
  const image = await actions.observe(host, step);
  if (!image.known) throw new Error(image.detail);
  if (between) run(between);
  if (actions.asWanted(step, image.value)) return;
  await actions.apply(host, step, image.value).catch((error: unknown) => {
    // A lock that is not there to be had is an answer as well: then nothing is removed.
    if (!(error instanceof HostError) || error.code !== 'EBUSY') throw error;
  });
}

/** Who holds an address once host-local has handed over, be it only now. */
async function holders(): Promise<readonly string[]> {
  if ((await addresses.leases()).get(address) === DEAD) run('hand-over');
  await expect.poll(() => existsSync(join(folder, 'handed-over')), { timeout: 20_000 }).toBe(true);
  return [...(await addresses.leases()).values()].sort();
}

const KINDS = ['this machine', ...SHELLS.filter((shell) => existsSync(shell))];

describe.each(KINDS)('on %s', (kind) => {
  const hostFor = (race: Race, absent?: Guard) =>
    kind === 'this machine' ? here(race, absent) : behind(kind, race, absent);

  describe.each(RACES)('$guard: $race', (race) => {
    it('leaves the lease to whom it was handed', async () => {
      await release(hostFor(race), race);
      expect(await holders()).toEqual([...OTHERS, LIVING]);
    });

    it('alone: left out, a living Pod loses its lease', async () => {
      await release(hostFor(race, race.guard), race, race.guard);
      expect(await holders()).toEqual(OTHERS);
    });
  });
});

it('every guard has a race that it alone wins', () => {
  expect(new Set(RACES.map(({ guard }) => guard))).toEqual(new Set([...Object.keys(LOCK_GUARDS), 'holderOf']));
});
