import { mkdirSync, mkdtempSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cgroupPaths, readMounts } from './cgroups.ts';

describe('mounts', () => {
  it('are read with their optional fields and escapes', () => {
    const text = [
      '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
      '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 master:1 - cgroup2 cgroup2 rw',
      '50 31 0:39 / /mnt/a\\040b rw shared:3 - bpf bpf rw',
      'nonsense',
      '',
    ].join('\n');
    expect(readMounts(text)).toEqual([
      { type: 'tmpfs', directory: '/sys/fs/cgroup' },
      { type: 'cgroup2', directory: '/sys/fs/cgroup/unified' },
      { type: 'bpf', directory: '/mnt/a b' },
    ]);
  });
});

describe('paths of cgroups', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(`${tmpdir()}/hayward-cgroups-`);
    mkdirSync(`${root}/system.slice/a.service`, { recursive: true });
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const inode = (path: string): bigint => statSync(`${root}${path}`, { bigint: true }).ino;

  it('are found by their inodes, the root’s too', () => {
    const ids = new Set([inode(''), inode('/system.slice/a.service')]);
    const paths = cgroupPaths(root, root)(ids);
    expect([...ids].map((id) => paths.get(id))).toEqual(['/', '/system.slice/a.service']);
  });

  it('are found when they come, kept when they go, and unknown when they were never seen', () => {
    const find = cgroupPaths(root, `${root}/system.slice`);
    const first = inode('/system.slice/a.service');
    expect(find(new Set([first])).get(first)).toBe('/system.slice/a.service');
    mkdirSync(`${root}/system.slice/b.service`);
    const second = inode('/system.slice/b.service');
    rmdirSync(`${root}/system.slice/a.service`);
    const paths = find(new Set([first, second, 1n]));
    expect([first, second, 1n].map((id) => paths.get(id))).toEqual([
      '/system.slice/a.service',
      '/system.slice/b.service',
      'unknown',
    ]);
  });
});
