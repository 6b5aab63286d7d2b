import { mkdirSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, type GuardBed, makeGuardBed } from './bed.ts';

let bed: GuardBed;
beforeEach(async () => {
  bed = await makeGuardBed();
});
afterEach(() => bed.remove());

const FORWARD = 'net.ipv4.ip_forward';

/** A guard that answers the writers of the bed's cgroup alone. */
function holding(...more: readonly string[]) {
  return bed.guard(['--enforce', 'kernel', '--cgroup', bed.cgroup, '--listen', 'off', ...more]);
}

describe('hayward guard --enforce kernel', () => {
  it('leaves a value as it was for writers who see success, by each of its names, and in no other namespace', async () => {
    const guard = holding('--hold', `${FORWARD}=1`);
    await guard.ready();
    for (const name of [FORWARD, 'net.ipv4.conf.all.forwarding']) {
      expect(bed.run(['sysctl', '-w', `${name}=0`])).toMatchObject({ status: 0, stdout: `${name} = 0\n` });
      expect(bed.read(FORWARD)).toBe('1');
    }
    expect(bed.run(['sysctl', '-w', `${FORWARD}=0`], { netns: 'other' }).status).toBe(0);
    expect(bed.read(FORWARD, { netns: 'other' })).toBe('0');
    await guard.told('held', FORWARD);
    expect(guard.events.filter(({ type }) => type === 'drift')).toEqual([]);
  });

  it('names who wrote, in /metrics by comm and cgroup and never by pid', async () => {
    const guard = holding('--hold', `${FORWARD}=1`);
    await guard.ready();
    bed.sh(`sysctl -w ${FORWARD}=0`, { below: '/writers' });
    const { writer } = await guard.told('held', FORWARD);
    expect(writer).toMatchObject({ comm: 'sysctl', cgroup: `${bed.path}/writers` });
    const metrics = await guard.metrics();
    expect(metrics).toContain(
      `hayward_guard_held_total{key="${FORWARD}",comm="sysctl",cgroup="${bed.path}/writers"} 1\n`,
    );
    expect(metrics).not.toContain('pid=');
    bed.sh(`for i in 1 2 3 4 5; do sysctl -w ${FORWARD}=0; done`, { below: '/writers' });
    // The kernel holds it: there is nothing to be put right, and so nothing to wait with.
    expect(await guard.told('contested', FORWARD)).toMatchObject({
      perMinute: 6,
      writers: [`sysctl (${bed.path}/writers)`],
      retryMs: 0,
    });
  });

  it('says in guard status --json what is held and how', async () => {
    const guard = holding('--hold', `${FORWARD}=1`, '--hold', 'net.ipv4.conf.later0.rp_filter=2');
    await guard.ready();
    bed.sh(`sysctl -w ${FORWARD}=0`);
    const { writer } = await guard.told('held', FORWARD);
    const { status, stdout } = bed.hayward(['guard', 'status', '--json']);
    expect(status).toBe(0);
    const shown = JSON.parse(stdout);
    expect(shown).toMatchObject({ running: true, paused: false, enforce: { asked: 'kernel', inForce: 'kernel' } });
    expect(shown.keys).toContainEqual(
      expect.objectContaining({ key: FORWARD, value: '1', wanted: '1', held: 'kernel', drifts: 0, lastWriter: writer }),
    );
    expect(shown.keys).toContainEqual(
      expect.objectContaining({ key: 'net.ipv4.conf.later0.rp_filter', value: null, lastWriter: null }),
    );
  });

  it('holds what was put right, journaled, and undo brings back what stood before', async () => {
    bed.sh(`sysctl -qw ${FORWARD}=0`);
    const guard = holding('--hold', `${FORWARD}=1`);
    await guard.ready();
    expect(bed.read(FORWARD)).toBe('1');
    expect(bed.hayward(['journal']).stdout).toContain('ip_forward');
    await guard.end();
    bed.hayward(['guard', 'release']);
    expect(bed.hayward(['undo', '--yes'])).toMatchObject({ status: 0 });
    expect(bed.read(FORWARD)).toBe('0');
  });

  it('answers in its cgroup alone, and puts right what others write', async () => {
    const guard = bed.guard(
      [...['--enforce', 'kernel', '--cgroup', `${bed.cgroup}/inside`, '--listen', 'off', '--hold', `${FORWARD}=1`]],
      { below: '/inside' },
    );
    await guard.ready();
    bed.sh(`sysctl -w ${FORWARD}=0`, { below: '/outside' });
    expect(await guard.told('drift', FORWARD)).toMatchObject({ value: '0', writer: null });
    await guard.told('repaired', FORWARD);
    expect(bed.read(FORWARD)).toBe('1');
  });

  it('says what a guard that was killed left held', async () => {
    const guard = holding('--hold', `${FORWARD}=1`);
    await guard.ready();
    await guard.end('SIGKILL');
    const left = bed.hayward(['guard', 'status', '--json']);
    expect(left.status).toBe(3);
    expect(JSON.parse(left.stdout)).toMatchObject({
      running: false,
      keys: [{ key: FORWARD, value: '1', wanted: '1', right: true, held: 'kernel' }],
    });
    expect(bed.hayward(['guard', 'status']).stdout).toContain('still holds these');
  });

  it.each(['off', 'poll', 'observe'])(
    'what a guard that was killed left answers no writer any more with %s',
    async (how) => {
      const first = holding('--hold', `${FORWARD}=1`);
      await first.ready();
      await first.end('SIGKILL');
      bed.sh(`sysctl -w ${FORWARD}=0`);
      expect(bed.read(FORWARD)).toBe('1');
      // Before anything is planned: the judgement hangs.
      const programs = `${bed.directory}/bin`;
      mkdirSync(programs);
      writeFileSync(`${programs}/nice`, '#!/bin/sh\nexec sleep infinity\n', { mode: 0o755 });
      const options = ['--enforce', how, '--cgroup', bed.cgroup, '--listen', 'off', '--hold', `${FORWARD}=1`];
      const second = bed.guard(options, { env: { PATH: `${programs}:${process.env['PATH']}` } });
      await eventually(() => bed.run(['pgrep', '-P', String(second.pid), '-x', 'sleep']).status === 0);
      bed.sh(`sysctl -w ${FORWARD}=0`);
      expect(bed.read(FORWARD)).toBe('0');
      expect(bed.attached()).toEqual(how === 'observe' ? ['hayward_hold'] : []);
      expect(await second.status()).toMatchObject({ enforce: { asked: how, inForce: how, why: '' } });
      expect(await second.end()).toBe(0);
    },
  );

  it('only looks on once guard release took its hold away past it', async () => {
    bed.sh('mount -t bpf bpf /sys/fs/bpf');
    const guard = holding('--hold', `${FORWARD}=1`);
    await guard.ready();
    const elsewhere = { env: { HAYWARD_STATE: `${bed.directory}/elsewhere` } };
    expect(bed.hayward(['guard', 'release'], elsewhere)).toMatchObject({ status: 0, stderr: '' });
    await eventually(async () => (await guard.status()).enforce?.inForce === 'off');
    bed.sh(`sysctl -w ${FORWARD}=0`);
    await eventually(async () => (await guard.key(FORWARD)).value === '0');
    expect(guard.events.filter(({ type }) => type === 'hold-lost')).toEqual([]);
    expect(guard.complaints()).toContain('guard release');
    expect([bed.read(FORWARD), bed.attached()]).toEqual(['0', []]);
  });

  it.each([
    ['while it runs', true],
    ['after it was killed', false],
  ])('lets go of everything by guard release %s', async (_, runs) => {
    const guard = holding('--hold', `${FORWARD}=1`);
    await guard.ready();
    expect(bed.attached()).toEqual(['hayward_hold']);
    if (!runs) await guard.end('SIGKILL');
    bed.sh(`sysctl -w ${FORWARD}=0`);
    expect(bed.read(FORWARD)).toBe('1');
    const { status, stdout } = bed.hayward(['guard', 'release', '--json']);
    expect([status, JSON.parse(stdout).failed, JSON.parse(stdout).released.length]).toEqual([0, [], 1]);
    expect(bed.attached()).toEqual([]);
    expect(bed.sh('cat /proc/self/mountinfo')).not.toContain(bed.directory);
    bed.sh(`sysctl -w ${FORWARD}=0`);
    if (runs)
      expect(await eventually(async () => (await guard.key(FORWARD)).value === '0' && guard.status())).toMatchObject({
        enforce: { inForce: 'off' },
      });
    expect(bed.read(FORWARD)).toBe('0');
  });
});
