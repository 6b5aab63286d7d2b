import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, type GuardBed, makeGuardBed } from './bed.ts';

const FORWARD = 'net.ipv4.ip_forward';

let bed: GuardBed;
beforeEach(async () => {
  bed = await makeGuardBed();
});
afterEach(() => bed.remove());

const quiet = ['--listen', 'off', '--hold', `${FORWARD}=1`];

describe('hayward guard', () => {
  it('changes nothing as --enforce observe, and names the writer of what it finds', async () => {
    const guard = bed.guard(['--enforce', 'observe', '--cgroup', bed.cgroup, ...quiet]);
    await guard.ready();
    bed.sh(`sysctl -w ${FORWARD}=0`, { below: '/writers' });
    const writer = { comm: 'sysctl', cgroup: `${bed.path}/writers` };
    expect(await guard.told('drift', FORWARD)).toMatchObject({ value: '0', writer });
    await guard.told('let-through', FORWARD);
    expect(await guard.metrics()).toContain(
      `hayward_guard_drifts_total{key="${FORWARD}",comm="sysctl",cgroup="${writer.cgroup}"} 1\n`,
    );
    expect(await guard.key(FORWARD)).toMatchObject({ value: '0', held: 'none', repairs: 0, lastWriter: writer });
    expect(bed.read(FORWARD)).toBe('0');
    expect(existsSync(`${bed.state}/journal`)).toBe(false);
  });

  it('only judges as --enforce off', async () => {
    bed.sh(`sysctl -qw ${FORWARD}=0`);
    const guard = bed.guard(['--enforce', 'off', ...quiet]);
    await guard.ready();
    await guard.told('drift', FORWARD);
    expect(await guard.status()).toMatchObject({ enforce: { inForce: 'off' }, keys: [{ right: false, repairs: 0 }] });
    expect(bed.hayward(['guard', 'status']).status).toBe(1);
    expect(await guard.end()).toBe(0);
    expect(bed.read(FORWARD)).toBe('0');
  });

  it.each(['kernel', 'poll'])(
    'ends a pause by itself, and puts right then what was written meanwhile: %s',
    async (how) => {
      const guard = bed.guard(['--enforce', how, '--cgroup', bed.cgroup, ...quiet]);
      await guard.ready();
      expect(bed.hayward(['guard', 'pause', '4s']).status).toBe(0);
      bed.sh(`sysctl -w ${FORWARD}=0`);
      expect(bed.read(FORWARD)).toBe('0');
      expect(await guard.told('drift', FORWARD)).toMatchObject({ value: '0' });
      await guard.told('resumed');
      await guard.told('repaired', FORWARD);
      expect(bed.read(FORWARD)).toBe('1');
      const order = guard.events
        .map(({ type }) => type)
        .filter((type) => ['paused', 'drift', 'resumed', 'repaired'].includes(type));
      expect(order).toEqual(['paused', 'drift', 'resumed', 'repaired']);
    },
  );

  it('ends a pause when told to, and is not paused for longer than a day', async () => {
    const guard = bed.guard(['--enforce', 'poll', ...quiet]);
    await guard.ready();
    const long = bed.hayward(['guard', 'pause', '25h']);
    expect([long.status, long.stderr.split('\n').length]).toEqual([2, 2]);
    expect(bed.hayward(['guard', 'pause', '10m', '--json']).stdout).toContain('pausedUntil');
    expect(await guard.status()).toMatchObject({ paused: true });
    bed.sh(`sysctl -w ${FORWARD}=0`);
    await guard.told('drift', FORWARD);
    expect(bed.hayward(['guard', 'pause', '0']).stdout).toBe('guarding again\n');
    await guard.told('repaired', FORWARD);
    expect(await guard.status()).toMatchObject({ paused: false, pausedUntil: null });
  });

  it('is not undone under its hands, and journals anew what was undone in a pause', async () => {
    bed.sh(`sysctl -qw ${FORWARD}=0`);
    const guard = bed.guard(['--enforce', 'poll', ...quiet]);
    await guard.ready();
    const refused = bed.hayward(['undo', '--yes']);
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining(`process ${guard.pid}`)]);
    expect(bed.read(FORWARD)).toBe('1');
    await guard.post('/v1/pause?ms=600000');
    expect(bed.hayward(['undo', '--yes']).status).toBe(0);
    expect(bed.read(FORWARD)).toBe('0');
    await guard.post('/v1/pause?ms=0');
    await eventually(() => bed.read(FORWARD) === '1');
    await guard.end();
    expect(bed.hayward(['undo', '--yes']).status).toBe(0);
    expect(bed.read(FORWARD)).toBe('0');
  });

  it('holds nothing that two want differently, says so, and keeps the rest', async () => {
    const guard = bed.guard([
      '--enforce',
      'poll',
      ...['--listen', 'off', '--profile', 'rke2-canal', '--only', 'ip-forward'],
      '--hold',
      `${FORWARD}=0`,
      '--hold',
      'net.ipv4.conf.lo.rp_filter=2',
    ]);
    await guard.ready();
    expect(guard.complaints()).toContain(FORWARD);
    const status = await guard.status();
    expect(status.conflicts[0]).toEqual({ key: FORWARD, wants: ['1 (ip-forward)', '0 (--hold)'] });
    const keys = status.keys.map(({ key }) => key);
    expect(keys).toContain('net.ipv4.conf.lo.rp_filter');
    expect(keys).not.toContain(FORWARD);
    expect(bed.hayward(['guard', 'status']).status).toBe(1);
    expect(bed.read(FORWARD)).toBe('1');
  });

  it('stays small: the judging goes on in a child, which is gone afterwards', async () => {
    const guard = bed.guard([
      '--enforce',
      'kernel',
      '--cgroup',
      bed.cgroup,
      '--interval',
      '20ms',
      '--judge-every',
      '1s',
      ...quiet,
    ]);
    await guard.ready();
    const before = await guard.status();
    await eventually(async () => (await guard.status()).judged?.at !== before.judged?.at);
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${guard.pid}/status`, 'utf8')) ?? [];
    expect(Number(kilobytes) / 1024).toBeLessThan(120);
  });
});
