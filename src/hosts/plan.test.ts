import { describe, expect, it } from 'vitest';
import type { Ask } from './ask.ts';
import { planOf } from './plan.ts';

describe('a plan', () => {
  it('reads a file whole when anybody wants it whole', () => {
    const { files } = planOf([
      { kind: 'file', path: '/proc/stat', keep: '^btime ' },
      { kind: 'file', path: '/proc/stat' },
      { kind: 'file', path: '/proc/stat', keep: '^cpu ' },
    ]);
    expect(files).toEqual([{ path: '/proc/stat', maxBytes: 4 * 1024 * 1024 }]);
  });

  it('keeps what either of two patterns keeps', () => {
    const { files } = planOf([
      { kind: 'file', path: '/proc/stat', keep: '^btime ' },
      { kind: 'file', path: '/proc/stat', keep: '^cpu ', maxBytes: 1 },
    ]);
    expect(files).toMatchObject([{ keep: '(^btime )|(^cpu )' }]);
  });

  it('asks each thing once', () => {
    const asks: Ask[] = [
      { kind: 'run', argv: ['ip', '-j', 'addr'] },
      { kind: 'list', path: '/etc' },
      { kind: 'which', names: ['ip', 'nft'] },
      { kind: 'values', glob: '/proc/sys/net/ipv4/*' },
    ];
    const plan = planOf([...asks, ...asks]);
    expect(plan.runs).toHaveLength(1);
    expect(plan).toMatchObject({ lists: ['/etc'], which: ['ip', 'nft'], globs: [{ values: true }] });
  });

  it.each<Ask>([
    { kind: 'file', path: 'etc/passwd' },
    { kind: 'file', path: '/etc/' },
    { kind: 'files', glob: '*.conf' },
    { kind: 'list', path: '/a\0b' },
    { kind: 'run', argv: [] },
    { kind: 'run', argv: ['a', 'b\0'] },
    { kind: 'which', names: ['$(id)'] },
  ])('refuses %j, which no host could answer', (ask) => {
    expect(() => planOf([ask])).toThrow(TypeError);
  });
});
