import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootInitramfs } from '../../../lab/vm/initramfs.ts';
import { type Kernel, kernel } from '../../../lab/vm/kernel.ts';
import { productFiles } from '../../../lab/vm/product.ts';
import { bundleGuard, demand } from './test-bed.ts';

/**
 * On Debian's 6.1, whose verifier and helpers are older, at the real root cgroup. It takes replacements since 6.1.180
 * ("bpf: Restore sysctl new-value from 1 to 0" in its changelog).
 */

const FORWARD = 'net/ipv4/ip_forward';
const MAX = 'net/netfilter/nf_conntrack_max';

let debian: Kernel;
let folder: string;

beforeAll(async () => {
  debian = await kernel();
  folder = await mkdtemp(join(tmpdir(), 'hayward-hold-vm-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const write = (key: string, value: string) => ['run', 'sh', '-c', `echo ${value} > /proc/sys/${key}`] as const;
const read = (key: string) => ['run', 'cat', `/proc/sys/${key}`] as const;

test('holds at the root cgroup', async () => {
  const pins = '/sys/fs/bpf/hayward';
  const calls = [
    ['open', { cgroup: '/sys/fs/cgroup', pins }],
    ['set', [demand(FORWARD, '1'), demand(MAX, '65536'), demand('net/ipv4/tcp_rmem', '4096 131072 6291456')]],
    write(FORWARD, '0'),
    write('net/ipv4/conf/all/forwarding', '0'),
    write('net/nf_conntrack_max', '1'),
    write('net/ipv4/tcp_rmem', '4096 4096 4096'),
    ['run', 'unshare', '-n', 'sh', '-c', `echo 0 > /proc/sys/${FORWARD}; cat /proc/sys/${FORWARD}`],
    read(FORWARD),
    read(MAX),
    read('net/ipv4/tcp_rmem'),
    ['seen'],
    ['withoutReplacing', pins],
    write(FORWARD, '0'),
    read(FORWARD),
    ['release', pins],
    ['standing'],
    write(FORWARD, '0'),
    read(FORWARD),
  ];
  const { output, exitCode, console } = await bootInitramfs({
    kernel: debian,
    modules: ['nf_conntrack'],
    programs: ['node'],
    copies: {
      '/opt/hayward/guard.mjs': bundleGuard(folder),
      ...(await productFiles()),
    },
    files: { '/opt/calls': calls.map((call) => `${JSON.stringify(call)}\n`).join('') },
    script: `
      mount -t cgroup2 none /sys/fs/cgroup && mount -t bpf none /sys/fs/bpf && modprobe nf_conntrack
      echo 1 > /proc/sys/${FORWARD}; echo 65536 > /proc/sys/${MAX}
      echo 4096 131072 6291456 > /proc/sys/net/ipv4/tcp_rmem
      node /opt/hayward/guard.mjs < /opt/calls`,
    timeoutMs: 240_000,
  });
  expect(exitCode, `${output}\n${console}`).toBe(0);
  const answers = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).value ?? line);
  const done = { status: 0, stderr: '' };
  const [opened, set, ...rest] = answers;
  expect(opened).toMatchObject({ known: true });
  expect(set).toEqual({ held: [FORWARD, MAX, 'net/ipv4/tcp_rmem'], refused: [] });
  expect(rest.slice(0, 4)).toEqual(Array(4).fill({ ...done, stdout: '' }));
  expect(rest.slice(4, 8).map(({ stdout }: { stdout: string }) => stdout.trim().replace(/\s+/g, ' '))).toEqual([
    '0',
    '1',
    '65536',
    '4096 131072 6291456',
  ]);
  const writer = { comm: 'sh', cgroup: '/' };
  expect(rest[8].map((seen: object) => ({ ...seen })).sort(byKey)).toMatchObject([
    { key: FORWARD, written: '0', times: 2, answer: 'held', writer },
    { key: 'net/ipv4/tcp_rmem', times: 1, answer: 'held', writer },
    { key: MAX, written: '1', times: 1, answer: 'held', writer },
  ]);
  expect(rest[11]).toMatchObject({ ...done, stdout: '1\n' });
  expect(rest[12]).toMatchObject({ known: true, value: true });
  expect(rest[13]).toBe(false);
  expect(rest[15]).toMatchObject({ ...done, stdout: '0\n' });
});

function byKey(one: { key: string }, other: { key: string }): number {
  return one.key < other.key ? -1 : 1;
}
