import { describe, expect, it } from 'vitest';
import { commandFirst } from './command-first.ts';
import { buildProgram } from './program.ts';

const program = buildProgram('en');
const ordered = (line: string) => commandFirst(program, line.split(' ').filter(Boolean)).join(' ');

describe('options before the command', () => {
  it.each([
    ['--lang zh-CN leases', 'leases --lang zh-CN'],
    ['--lang=zh-CN --json leases', 'leases --lang=zh-CN --json'],
    ['-q --lang zh-CN guard status --json', 'guard status -q --lang zh-CN --json'],
    ['--only ip-forward fix --dry-run', 'fix --only ip-forward --dry-run'],
    ['--lang zh-CN laeses', 'laeses --lang zh-CN'],
  ])('%s: are its own', (typed, meant) => {
    expect(ordered(typed)).toBe(meant);
  });

  it.each([
    '',
    'leases',
    'leases --lang zh-CN',
    '--json',
    '--host root@node-1 --json',
    '--lagn zh-CN leases',
    '--lang',
    '-- leases',
  ])('in "%s" are none', (typed) => {
    expect(ordered(typed)).toBe(typed);
  });
});
