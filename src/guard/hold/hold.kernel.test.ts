import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { unpacked } from '../../../lab/packages.ts';
import { demand, type Guard, makeTestBed, must, type Placed, type TestBed } from './test-bed.ts';

const FORWARD = 'net/ipv4/ip_forward';
const RESERVED = 'net/ipv4/ip_local_reserved_ports';
const path = (key: string) => `/proc/sys/${key}`;

let bed: TestBed;
let guard: Guard;

beforeAll(async () => {
  bed = await makeTestBed();
});
afterAll(async () => {
  await bed.remove();
});
beforeEach(() => {
  write(FORWARD, '1\n');
  write(FORWARD, '1\n', { netns: 'other' });
  write(RESERVED, '\n');
  guard = bed.guard();
});
afterEach(async () => {
  must(await guard.release());
  await guard.kill();
});

/** Exactly these bytes, in one write(2) at the beginning, by a shell that minds what it returns. */
function write(key: string, value: string, how: Placed = {}) {
  return bed.run(['dash', '-c', `printf '%b' "$1" > ${path(key)}`, 'dash', value.replaceAll('\n', '\\n')], how);
}

async function holding(...demands: readonly [key: string, value: string][]): Promise<void> {
  must(await guard.open());
  const { refused } = await guard.set(demands.map(([key, value]) => demand(key, value)));
  expect(refused).toEqual([]);
}

/** What was seen, shortly. */
async function told(): Promise<readonly string[]> {
  const seen = await guard.seen();
  return seen.map(({ key, written, times, answer }) => `${key}=${JSON.stringify(written)} ${times} ${answer}`).sort();
}

const DONE = { status: 0, stderr: '' };

describe('a write to a held setting succeeds, changes nothing, and its writer is named:', () => {
  const writers: readonly (readonly [comm: string, argv: readonly string[]])[] = [
    ['dash', ['dash', '-c', `echo 0 > ${path(FORWARD)}`]],
    ['bash', ['bash', '-c', `echo 0 > ${path(FORWARD)}`]],
    ['busybox', ['busybox', 'sh', '-c', `echo 0 > ${path(FORWARD)}`]],
    ['busybox', ['busybox', 'sysctl', '-w', 'net.ipv4.ip_forward=0']],
    ['sysctl', ['sysctl', '-qw', 'net.ipv4.ip_forward=0']],
    ['tee', ['sh', '-c', `echo 0 | tee ${path(FORWARD)}`]],
    ['node', ['node', '-e', `require('node:fs').writeFileSync('${path(FORWARD)}', '0\\n')`]],
    ['systemd-sysctl', ['/lib/systemd/systemd-sysctl', 'FILE']],
  ];
  for (const [comm, argv] of writers)
    it(argv.slice(0, 2).join(' '), async () => {
      const file = `${bed.directory}/wanted.conf`;
      writeFileSync(file, 'net.ipv4.ip_forward = 0\n');
      await holding([FORWARD, '1']);
      const ran = bed.run(
        argv.map((word) => (word === 'FILE' ? file : word)),
        { below: '/system.slice/some.service' },
      );
      expect(ran).toMatchObject(DONE);
      expect(bed.read(FORWARD)).toBe('1');
      const [seen, ...more] = await guard.seen();
      expect(more).toEqual([]);
      expect(seen).toMatchObject({ key: FORWARD, written: '0', times: 1, answer: 'held', writer: { comm } });
      expect(seen?.writer.cgroup).toBe(`${bed.path}/system.slice/some.service`);
      expect(seen?.writer.pid).toBeGreaterThan(1);
      expect(Date.parse(seen?.writer.at ?? '')).not.toBeNaN();
      expect(await guard.seen()).toEqual([]);
    });

  it('one whose cgroup is gone', async () => {
    await holding([FORWARD, '1']);
    write(FORWARD, '0\n', { below: '/short' });
    bed.removeBelow('/short');
    expect(await guard.seen()).toMatchObject([{ times: 1, writer: { comm: 'dash', cgroup: 'unknown' } }]);
  });
});

/** The kernel's ways to take a value, and a value that each also takes. */
const HANDLERS: readonly (readonly [how: string, key: string, wanted: string, other: string])[] = [
  ['devinet_sysctl_forward', FORWARD, '1', '0'],
  ['devinet_conf_proc', 'net/ipv4/conf/lo/rp_filter', '2', '1'],
  ['brnf_sysctl_call_tables', 'net/bridge/bridge-nf-call-iptables', '0', '1'],
  ['addrconf_sysctl_forward', 'net/ipv6/conf/all/forwarding', '1', '0'],
  ['proc_dointvec', 'net/ipv6/conf/lo/accept_ra', '2', '0'],
  ['proc_dou8vec_minmax', 'net/ipv4/ip_default_ttl', '64', '63'],
  ['proc_dointvec_minmax', 'net/core/somaxconn', '4096', '128'],
  ['proc_dointvec_minmax, three', 'net/ipv4/tcp_rmem', '4096 131072 6291456', '4097 131073 6291457'],
  ['ipv4_local_port_range', 'net/ipv4/ip_local_port_range', '32768 60999', '32769 60998'],
  ['ipv4_ping_group_range', 'net/ipv4/ping_group_range', '0 1000', '1 1001'],
  ['proc_do_large_bitmap', RESERVED, '8080,30000-32767', '8081,30001-32766'],
  ['proc_tcp_congestion_control', 'net/ipv4/tcp_congestion_control', 'bbr', 'reno'],
];
const FORMS = (other: string): readonly string[] => [
  other,
  `${other}\n`,
  ` ${other}\n`,
  `\t${other}  \n`,
  `${other}${'\n'.repeat(60 - other.length)}`,
  ...(/^\d+$/.test(other)
    ? [`0x${Number(other).toString(16)}\n`, `0${Number(other).toString(8)}\n`, `00${other}`]
    : []),
];
const blanks = (text: string): string => text.replace(/\s+/g, ' ');

describe('whatever the writer’s bytes,', () => {
  for (const [how, key, wanted, other] of HANDLERS)
    describe(how, () => {
      it('keeps its value', async () => {
        write(key, `${wanted}\n`);
        await holding([key, wanted]);
        keeps(key, wanted, other);
        expect(await answers()).toEqual(['held']);
      });

      // Bitmaps and strings have no other way.
      const kept = how !== 'proc_do_large_bitmap' && how !== 'proc_tcp_congestion_control';
      it(`${kept ? 'also' : 'but not'} where the kernel ignores replacements`, async () => {
        write(key, `${wanted}\n`);
        await holding([key, wanted]);
        await guard.withoutReplacing();
        if (kept) keeps(key, wanted, other);
        else write(key, other);
        expect(await answers()).toEqual([kept ? 'held' : 'length']);
      });
    });

  function keeps(key: string, wanted: string, other: string): void {
    for (const form of FORMS(other)) {
      expect(write(key, form), JSON.stringify(form)).toMatchObject(DONE);
      expect(blanks(bed.read(key)), JSON.stringify(form)).toBe(wanted);
    }
  }
  async function answers(): Promise<readonly string[]> {
    return [...new Set((await guard.seen()).map(({ answer }) => answer))];
  }

  it('a value that is longer than what was written is kept by having the write ignored', async () => {
    write('net/core/somaxconn', '4096\n');
    await holding(['net/core/somaxconn', '4096']);
    for (const form of ['1', '12\n', `${' '.repeat(80)}1\n`]) {
      expect(write('net/core/somaxconn', form)).toMatchObject(DONE);
      expect(bed.read('net/core/somaxconn')).toBe('4096');
    }
    expect(await told()).toEqual([`net/core/somaxconn=${JSON.stringify(' '.repeat(63))} 3 held`]);
  });

  it('one that cannot be answered passes, and is told', async () => {
    write(RESERVED, '8080\n');
    await holding([RESERVED, '8080']);
    expect(write(RESERVED, '1\n')).toMatchObject(DONE);
    expect(bed.read(RESERVED)).toBe('1');
    at(RESERVED, 7, '2345');
    expect(await told()).toEqual([`${RESERVED}="1" 1 length`, `${RESERVED}="2345" 1 offset`]);
  });

  it('one at a later position is ignored as the kernel does', async () => {
    await holding([FORWARD, '1']);
    at(FORWARD, 3, '0');
    expect(bed.read(FORWARD)).toBe('1');
    expect(await told()).toEqual([`${FORWARD}="0" 1 held`]);
  });

  it('none of no bytes is counted', async () => {
    await holding([FORWARD, '1']);
    at(FORWARD, 0, '');
    expect(await told()).toEqual([]);
  });

  function at(key: string, position: number, value: string): void {
    const script = `const fs = require('node:fs'); const file = fs.openSync('${path(key)}', 'r+');
      fs.writeSync(file, '${value}', ${position});`;
    expect(bed.run(['node', '-e', script])).toMatchObject(DONE);
  }
});

describe('what is wanted passes', () => {
  it('in every form the kernel reads', async () => {
    await holding([FORWARD, '1'], ['net/ipv4/conf/lo/rp_filter', '10'], ['net/ipv4/tcp_rmem', '4096 131072 6291456']);
    for (const form of ['1', '1\n', ' 1\n', '01\n', '0x1\n', '\t0X01  \n']) write(FORWARD, form);
    for (const form of ['10', '012\n', '0xa', '0xA\n']) write('net/ipv4/conf/lo/rp_filter', form);
    for (const form of ['4096 131072 6291456\n', ' 4096\t131072   6291456 ']) write('net/ipv4/tcp_rmem', form);
    expect((await guard.seen()).map(({ key, times, answer }) => `${key} ${times} ${answer}`).sort()).toEqual([
      'net/ipv4/conf/lo/rp_filter 4 same',
      `${FORWARD} 6 same`,
      'net/ipv4/tcp_rmem 2 same',
    ]);
    expect(bed.read('net/ipv4/conf/lo/rp_filter')).toBe('10');
  });

  it('and nothing else does', async () => {
    await holding([FORWARD, '1'], ['net/ipv4/tcp_rmem', '4096 131072 6291456']);
    for (const form of ['10', '11', '-1', '1 1', '1 x', '0x', '1a', '0x11', '/1', ':', '-', '--1', '2', ' ', 'g'])
      expect(write(FORWARD, form), form).toMatchObject(DONE);
    for (const form of ['4096 131072 629145', '4096 131072 62914560', '4096 131072', '40961310726291456', '4096'])
      write('net/ipv4/tcp_rmem', form);
    expect((await guard.seen()).map(({ key, times, answer }) => `${key} ${times} ${answer}`).sort()).toEqual([
      `${FORWARD} 15 held`,
      'net/ipv4/tcp_rmem 5 held',
    ]);
    expect([bed.read(FORWARD), blanks(bed.read('net/ipv4/tcp_rmem'))]).toEqual(['1', '4096 131072 6291456']);
  });

  it('with a sign', async () => {
    await holding(['net/ipv4/conf/lo/arp_notify', '-1'], [FORWARD, '0']);
    for (const form of ['-1', '-01\n', '-0x1\n', '1', '-2']) write('net/ipv4/conf/lo/arp_notify', form);
    for (const form of ['0', '00', '-0\n', '0x0', '1']) write(FORWARD, form);
    expect((await guard.seen()).map(({ key, times, answer }) => `${key} ${times} ${answer}`).sort()).toEqual([
      'net/ipv4/conf/lo/arp_notify 2 held',
      'net/ipv4/conf/lo/arp_notify 3 same',
      `${FORWARD} 1 held`,
      `${FORWARD} 4 same`,
    ]);
  });
});

describe('other network namespaces', () => {
  it('write what they like, from the same cgroup, uncounted', async () => {
    await holding([FORWARD, '1']);
    write(FORWARD, '0\n', { netns: 'other' });
    expect(bed.read(FORWARD, { netns: 'other' })).toBe('0');
    expect(bed.read(FORWARD)).toBe('1');
    expect(await told()).toEqual([]);
  });

  it('as CNI’s tuning plugin does', async () => {
    await holding([FORWARD, '1']);
    const plugin = `${await unpacked('containernetworking-plugins')}/usr/lib/cni/tuning`;
    const config = {
      cniVersion: '0.4.0',
      name: 'pods',
      type: 'tuning',
      sysctl: { 'net.ipv4.ip_forward': '0' },
      prevResult: { cniVersion: '0.4.0', interfaces: [], ips: [] },
    };
    const environment = `CNI_COMMAND=ADD CNI_CONTAINERID=pod CNI_NETNS=${bed.otherNetns} CNI_IFNAME=lo CNI_PATH=/`;
    const script = `printf '%s' "$1" | env ${environment} ${plugin}`;
    expect(bed.run(['sh', '-c', script, 'sh', JSON.stringify(config)])).toMatchObject(DONE);
    expect(bed.read(FORWARD, { netns: 'other' })).toBe('0');
    expect([bed.read(FORWARD), await told()]).toEqual(['1', []]);
  });

  it('as runc does for a Pod', async () => {
    await holding([FORWARD, '1']);
    const runc = `${await unpacked('runc')}/usr/sbin/runc`;
    const busybox = await unpacked('busybox-static');
    const namespaces = ['pid', 'network', 'ipc', 'uts', 'mount'].map((type) => ({ type }));
    const config = {
      ociVersion: '1.0.2',
      process: { user: { uid: 0, gid: 0 }, args: ['/bin/busybox', 'cat', path(FORWARD)], cwd: '/' },
      root: { path: busybox, readonly: true },
      mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
      linux: { cgroupsPath: `${bed.path}/pod`, sysctl: { 'net.ipv4.ip_forward': '0' }, namespaces },
    };
    writeFileSync(`${bed.directory}/config.json`, JSON.stringify(config));
    // As on a node with cgroup v2 alone.
    const script = `mount --bind ${bed.hierarchy} /sys/fs/cgroup && cd ${bed.directory} && exec ${runc} --root ./state run pod`;
    const ran = bed.run(['unshare', '-m', 'sh', '-c', script]);
    expect(ran).toMatchObject({ ...DONE, stdout: '0\n' });
    expect([bed.read(FORWARD), await told()]).toEqual(['1', []]);
  });
});

describe('a hold', () => {
  it('knows a setting by its other name', async () => {
    await holding([FORWARD, '1']);
    write('net/ipv4/conf/all/forwarding', '0\n');
    expect([bed.read(FORWARD), await told()]).toEqual(['1', [`${FORWARD}="0" 1 held`]]);
  });

  it('leaves other settings alone', async () => {
    await holding([FORWARD, '1']);
    write('net/ipv4/conf/lo/forwarding', '0\n');
    expect([bed.read('net/ipv4/conf/lo/forwarding'), await told()]).toEqual(['0', []]);
  });

  it('only observes when told to', async () => {
    await holding([FORWARD, '1']);
    await guard.mode('observe');
    write(FORWARD, '0\n');
    expect([bed.read(FORWARD), await told()]).toEqual(['0', [`${FORWARD}="0" 1 observed`]]);
    write(FORWARD, '1\n');
    await guard.mode('hold');
    write(FORWARD, '0\n');
    expect([bed.read(FORWARD), await told()]).toEqual(['1', [`${FORWARD}="0" 1 held`, `${FORWARD}="1" 1 same`]]);
  });

  it('only observes without a heartbeat for five minutes', async () => {
    await holding([FORWARD, '1']);
    await guard.age(290);
    write(FORWARD, '0\n');
    expect(bed.read(FORWARD)).toBe('1');
    await guard.age(11);
    write(FORWARD, '0\n');
    expect(bed.read(FORWARD)).toBe('0');
    expect(await told()).toEqual([`${FORWARD}="0" 1 held`, `${FORWARD}="0" 1 observed`]);
    await guard.beat();
    write(FORWARD, '1\n');
    write(FORWARD, '0\n');
    expect(bed.read(FORWARD)).toBe('1');
  });

  it('refuses what only a poll can keep, and sees its writers', async () => {
    must(await guard.open());
    const { held, refused } = await guard.set([
      demand('net/ipv4/conf/lo/rp_filter', '2', { also: ['0'] }),
      demand('net/core/somaxconn', '1024', { atLeast: true }),
      demand(FORWARD, '1'),
      demand('net/ipv4/conf/all/forwarding', '0'),
      demand(`net/ipv4/conf/${'x'.repeat(80)}/rp_filter`, '1'),
    ]);
    expect(held).toEqual([]);
    expect(refused.map(({ why }) => why)).toEqual([
      'other values are as good',
      'larger values are as good',
      'wanted to be 1 and 0',
      'wanted to be 1 and 0',
      'its name has more than 79 bytes',
    ]);
    write(FORWARD, '0\n');
    write('net/core/somaxconn', '2048\n');
    expect([bed.read(FORWARD), bed.read('net/core/somaxconn')]).toEqual(['0', '2048']);
    expect(await told()).toEqual(['net/core/somaxconn="2048" 1 observed', `${FORWARD}="0" 1 observed`]);
  });

  it('holds what it was told last, and nothing else', async () => {
    await holding([FORWARD, '1'], ['net/ipv4/conf/lo/rp_filter', '2']);
    await guard.set([demand(FORWARD, '0')]);
    write('net/ipv4/conf/lo/rp_filter', '1\n');
    write(FORWARD, '0\n');
    write(FORWARD, '1\n');
    expect([bed.read('net/ipv4/conf/lo/rp_filter'), bed.read(FORWARD)]).toEqual(['1', '0']);
    expect(await told()).toEqual([`${FORWARD}="0" 1 same`, `${FORWARD}="1" 1 held`]);
  });

  it('does not answer or count its own guard', async () => {
    await holding([FORWARD, '1']);
    await guard.write(FORWARD, '0\n');
    expect([bed.read(FORWARD), await told()]).toEqual(['0', []]);
  });

  it('counts every one of many writes, by many writers at once', async () => {
    await holding([FORWARD, '1']);
    const script = `i=0; while [ $i -lt 2500 ]; do echo 0 > ${path(FORWARD)} || exit 1; i=$((i+1)); done`;
    const writers = ['/a', '/b', '/c', '/d'].map((below) => bed.start(['dash', '-c', script], { below }));
    const ended = writers.map((writer) => new Promise((resolve) => writer.once('exit', resolve)));
    const counted = new Map<string, number>();
    async function count(): Promise<void> {
      for (const { writer, times } of await guard.seen())
        counted.set(writer.cgroup, (counted.get(writer.cgroup) ?? 0) + times);
    }
    let running = true;
    const all = Promise.all(ended).finally(() => {
      running = false;
    });
    while (running) await count();
    expect(await all).toEqual([0, 0, 0, 0]);
    await count();
    expect([...counted].sort()).toEqual(['/a', '/b', '/c', '/d'].map((below) => [`${bed.path}${below}`, 2500]));
    expect(bed.read(FORWARD)).toBe('1');
  });
});
