import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, type GuardBed, makeGuardBed } from './bed.ts';
import type { RunningGuard } from './running-guard.ts';

const HELD = 'net.ipv4.conf.lo.arp_ignore';
/** Written from a cgroup that is not answered: it is read, put right, and contested. */
const FORWARD = 'net.ipv4.ip_forward';
/** How much more a guard may have resident after six times the work it was warmed up with, in MiB: some 20 kB a round. */
const MOST_GROWTH_MIB = 12;
/** What a guard may have resident in all (docs/guard.md). */
const MOST_MIB = 90;
const WARM_ROUNDS = 100;
const ROUNDS = 600;

let bed: GuardBed;
beforeEach(async () => {
  bed = await makeGuardBed();
});
afterEach(() => bed.remove());

/** Writers that are answered, others that are not, links that come and go, each under another name. */
function disturb(rounds: number): void {
  const path = (key: string) => `/proc/sys/${key.replaceAll('.', '/')}`;
  const many = (script: string) => `i=0; while [ $i -lt ${rounds} ]; do i=$((i + 1)); ${script}; done`;
  bed.sh(many(`echo 0 > ${path(HELD)}`), { below: '/inside' });
  bed.sh(many(`ip link add soak$i type bridge; ip link del soak$i; echo $((i % 2)) > ${path(FORWARD)}`), {
    below: '/outside',
  });
}

/** Once it has seen all that was written, judged anew and is at rest. */
async function residentMiB(guard: RunningGuard, writes: number): Promise<number> {
  const counted = new RegExp(`^hayward_guard_held_total\\{key="${HELD}".*\\} ([0-9]+)$`, 'gm');
  await eventually(async () => {
    const sums = [...(await guard.metrics()).matchAll(counted)].map(([, count]) => Number(count));
    return sums.reduce((sum, count) => sum + count, 0) >= writes;
  });
  const { judged } = await guard.status();
  process.kill(guard.pid, 'SIGHUP');
  await eventually(async () => (await guard.status()).judged?.at !== judged?.at);
  const kilobytes = /^VmRSS:\s+([0-9]+) kB$/m.exec(readFileSync(`/proc/${guard.pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

describe('a guard that others write against without end', () => {
  it('needs no more memory for it', async () => {
    const options = [
      '--enforce',
      'kernel',
      '--cgroup',
      `${bed.cgroup}/inside`,
      '--listen',
      'off',
      '--judge-every',
      '1s',
    ];
    const guard = bed.guard([...options, '--hold', `${HELD}=1`, '--hold', `${FORWARD}=1`], { below: '/inside' });
    await guard.ready();
    disturb(WARM_ROUNDS);
    const warm = await residentMiB(guard, WARM_ROUNDS);
    disturb(ROUNDS);
    const after = await residentMiB(guard, WARM_ROUNDS + ROUNDS);
    expect(after - warm, `${warm} MiB, then ${after} MiB`).toBeLessThan(MOST_GROWTH_MIB);
    expect(after).toBeLessThan(MOST_MIB);
    expect(await guard.end()).toBe(0);
  }, 180_000);
});
