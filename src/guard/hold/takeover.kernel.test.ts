import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demand, type Guard, makeTestBed, must, ready, type TestBed } from './test-bed.ts';

const FORWARD = 'net/ipv4/ip_forward';
const FILE = `/proc/sys/${FORWARD}`;

let bed: TestBed;

beforeEach(async () => {
  bed = await makeTestBed();
  write('1');
});
afterEach(async () => {
  await bed.remove();
});

function write(value: string): void {
  expect(bed.run(['dash', '-c', `echo ${value} > ${FILE}`])).toMatchObject({ status: 0, stderr: '' });
}

async function holding(): Promise<Guard> {
  const guard = bed.guard();
  must(await guard.open());
  const { held } = await guard.set([demand(FORWARD, '1')]);
  expect(held).toEqual([FORWARD]);
  return guard;
}

/** Writes and reads as fast as it can until it is told to stop; says how often, and how often it read the wrong value. */
async function hostile(): Promise<ChildProcess> {
  const writer = bed.start([
    'dash',
    '-c',
    `stop=; trap 'stop=1' TERM; writes=0; wrong=0; failed=0; echo ready
     while [ -z "$stop" ]; do
       echo 0 > ${FILE} || failed=$((failed+1))
       read value < ${FILE}
       [ "$value" = 1 ] || wrong=$((wrong+1))
       writes=$((writes+1))
     done
     echo "$writes $wrong $failed"`,
  ]);
  await ready(writer);
  return writer;
}

async function stop(writer: ChildProcess) {
  if (writer.stdout === null) throw new TypeError('no output');
  const said = text(writer.stdout);
  writer.kill('SIGTERM');
  const [writes = 0, wrong = -1, failed = -1] = (await said).trim().split(' ').map(Number);
  return { writes, wrong, failed };
}

describe('a guard that dies', () => {
  it('leaves no gap to the next, twenty times, under 10,000 hostile writes', async () => {
    let guard = await holding();
    const writer = await hostile();
    let counted = 0;
    for (let round = 0; round < 20; round++) {
      await guard.kill('SIGKILL');
      guard = await holding();
      expect(await guard.standing()).toBe(true);
      for (const { times } of await guard.seen()) counted += times;
    }
    const { writes, ...rest } = await stop(writer);
    for (const { times } of await guard.seen()) counted += times;
    expect(rest).toEqual({ wrong: 0, failed: 0 });
    expect(writes).toBeGreaterThan(10_000);
    // No guard was killed between being asked and telling, so none is lost between one and the next.
    expect(counted).toBe(writes);
    expect(await bed.attached()).toEqual(['hayward_hold']);
  });

  it('rolls nothing back, and what it did not tell the next one tells', async () => {
    const first = await holding();
    write('0');
    expect(await first.seen()).toMatchObject([{ times: 1 }]);
    write('0');
    await first.kill('SIGKILL');
    write('0');
    const second = bed.guard();
    must(await second.open());
    expect(await second.seen()).toMatchObject([{ times: 2, answer: 'held' }]);
    write('0');
    expect(await second.seen()).toMatchObject([{ times: 1, answer: 'held' }]);
    expect(bed.read(FORWARD)).toBe('1');
  });

  it('while it only observed, is followed by one that only observes', async () => {
    const first = await holding();
    await first.mode('observe');
    await first.kill();
    const second = bed.guard();
    must(await second.open());
    write('0');
    expect(await second.seen()).toMatchObject([{ answer: 'observed' }]);
  });

  it('takes the hold with it when nothing is pinned', async () => {
    const guard = bed.guard();
    must(await guard.open({ pins: null }));
    await guard.set([demand(FORWARD, '1')]);
    write('0');
    expect(bed.read(FORWARD)).toBe('1');
    await guard.kill();
    expect(await bed.attached()).toEqual([]);
  });
});

describe('what is pinned', () => {
  for (const [what, change] of [
    ['by another layout', `mv maps-1 maps-0`],
    ['in part', `rm maps-1/held`],
  ] as const)
    it(`${what} holds on until the next guard knows what to hold`, async () => {
      const first = await holding();
      await first.kill();
      expect(bed.run(['sh', '-c', `cd ${bed.pins} && ${change}`])).toMatchObject({ status: 0, stderr: '' });
      const writer = await hostile();
      const second = bed.guard();
      must(await second.open());
      expect(bed.read(FORWARD)).toBe('1');
      expect(await second.standing()).toBe(true);
      await second.set([demand(FORWARD, '1')]);
      expect(await stop(writer)).toMatchObject({ wrong: 0, failed: 0 });
      await second.seen();
      write('0');
      expect(await second.seen()).toMatchObject([{ answer: 'held' }]);
      expect(pinned()).toEqual(['link', 'maps-1']);
      expect(await bed.attached()).toEqual(['hayward_hold']);
    });

  it('with a map of another shape is not used', async () => {
    const first = await holding();
    bed.run(['rm', `${bed.pins}/maps-1/held`]);
    await first.pinOther('held');
    await first.kill();
    const second = await holding();
    write('0');
    expect(await second.seen()).toMatchObject([{ answer: 'held' }]);
    expect(bed.read(FORWARD)).toBe('1');
  });

  it('is shown without a guard', async () => {
    const onlooker = bed.guard();
    expect(await onlooker.heldBy()).toMatchObject({ known: false, reason: 'absent' });
    const guard = await holding();
    await guard.kill();
    const settings = [{ key: FORWARD, value: '1', answered: true }];
    expect(must(await onlooker.heldBy())).toMatchObject({ attached: true, mode: 'hold', settings });
    await onlooker.age(301);
    expect(must(await onlooker.heldBy())).toMatchObject({ attached: true, mode: 'observe' });
    bed.run(['mv', `${bed.pins}/maps-1`, `${bed.pins}/maps-0`]);
    expect(await onlooker.heldBy()).toMatchObject({ known: false, reason: 'failed' });
  });

  it('is released without a guard, and then nothing is attached', async () => {
    const guard = await holding();
    await guard.kill();
    const releaser = bed.guard();
    expect(must(await releaser.release())).toBe(true);
    expect(await bed.attached()).toEqual([]);
    expect(bed.run(['ls', bed.pins]).status).not.toBe(0);
    write('0');
    expect(bed.read(FORWARD)).toBe('0');
    expect(must(await releaser.release())).toBe(false);
  });

  it('is released from under a guard that runs', async () => {
    const guard = await holding();
    must(await bed.guard().release());
    expect(await bed.attached()).toEqual([]);
    expect(await guard.standing()).toBe(false);
  });

  it('for a cgroup that is gone is attached anew', async () => {
    mkdirSync(`${bed.cgroup}/inner`);
    const first = bed.guard();
    must(await first.open({ cgroup: `${bed.cgroup}/inner` }));
    bed.removeBelow('/inner');
    expect(await first.standing()).toBe(false);
    await first.kill();
    const second = await holding();
    expect(await second.standing()).toBe(true);
    write('0');
    expect(bed.read(FORWARD)).toBe('1');
  });

  function pinned(): readonly string[] {
    return bed.run(['ls', bed.pins]).stdout.trim().split('\n');
  }
});

describe('a guard that was taken over', () => {
  it('no longer stands', async () => {
    const first = await holding();
    await holding();
    expect(await first.standing()).toBe(false);
    expect(await bed.attached()).toEqual(['hayward_hold']);
  });
});

describe('beside other programs', () => {
  it('holds, and leaves them attached', async () => {
    const other = bed.guard();
    await other.attachPassing('beside');
    const guard = await holding();
    write('0');
    expect(bed.read(FORWARD)).toBe('1');
    expect(await bed.attached()).toEqual(['passing', 'hayward_hold']);
    must(await guard.release());
    expect(await bed.attached()).toEqual(['passing']);
  });

  it('says so where one is attached that bears none', async () => {
    const other = bed.guard();
    await other.attachPassing('alone');
    const guard = bed.guard();
    const opened = await guard.open();
    expect(opened).toMatchObject({ known: false, reason: 'failed' });
    expect(opened).toHaveProperty('detail', expect.stringMatching(/^another program is attached alone there: passing/));
    expect(await bed.attached()).toEqual(['passing']);
    expect(bed.run(['ls', bed.pins]).status).not.toBe(0);
  });
});

describe('what is missing', () => {
  for (const capability of ['bpf', 'perfmon', 'net_admin'])
    it(`CAP_${capability.toUpperCase()} is told`, async () => {
      const without = `-sys_admin,-${capability}`;
      const guard = bed.guard({ prefix: ['setpriv', `--bounding-set=${without}`, `--inh-caps=${without}`] });
      const opened = await guard.open();
      expect(opened).toMatchObject({ known: false, reason: 'denied' });
      expect(opened).toHaveProperty('detail', expect.stringMatching(/needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN/));
      expect(await bed.attached()).toEqual([]);
    });

  it('these three are enough', async () => {
    const all = ['setpriv', '--bounding-set=-all,+bpf,+perfmon,+net_admin'];
    const guard = bed.guard({ prefix: all });
    must(await guard.open({ pins: null }));
    await guard.set([demand(FORWARD, '1')]);
    write('0');
    expect(bed.read(FORWARD)).toBe('1');
  });

  it('a cgroup is told', async () => {
    const guard = bed.guard();
    expect(await guard.open({ cgroup: `${bed.cgroup}/none` })).toMatchObject({ known: false, reason: 'absent' });
    expect(await guard.open({ cgroup: '/tmp' })).toMatchObject({ known: false, reason: 'failed' });
  });

  it('a bpf file system is told', async () => {
    const guard = bed.guard();
    const opened = await guard.open({ pins: `${bed.directory}/pins` });
    expect(opened).toMatchObject({ known: false, reason: 'failed' });
    expect(opened).toHaveProperty('detail', expect.stringMatching(/not on a bpf file system$/));
    expect(await bed.attached()).toEqual([]);
    expect(bed.run(['ls', '-A', `${bed.directory}/pins`]).stdout).toBe('');
  });

  it('BTF is told', async () => {
    const guard = bed.guard();
    expect(await guard.offsets('/none')).toMatchObject({ known: false, reason: 'absent' });
    expect(await guard.offsets('/proc/self/mem')).toMatchObject({ known: false, reason: 'failed' });
  });

  it('a bpf file system is mounted where it is told, and taken back', async () => {
    const guard = bed.guard({ prefix: ['unshare', '--mount'] });
    const run = `${bed.directory}/run`;
    const pins = `${must(await guard.mountPins(run))}/hayward`;
    expect(pins).toBe(`${run}/bpf/hayward`);
    must(await guard.open({ pins }));
    expect(must(await guard.heldBy(pins))).toMatchObject({ attached: true });
    must(await guard.release(pins));
    await guard.close();
    must(await guard.unmountPins(run));
    expect(await guard.unmountPins(run)).toMatchObject({ known: false });
  });
});
