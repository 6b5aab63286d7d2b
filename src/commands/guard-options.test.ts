import { resolve } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addChoosingOptions } from './common-options.ts';
import { withGivenBefore } from './given-options.ts';
import { addGuardOptions, checkReportOptions, guardWords, type RawGuardOptions } from './guard-options.ts';

/** What `guard install` would have its service told, from a command line. */
function wordsFrom(...line: readonly string[]): readonly string[] {
  let words: readonly string[] = [];
  const guard = new Command('guard').enablePositionalOptions();
  addGuardOptions(
    addChoosingOptions(guard, ({ en }) => en),
    ({ en }) => en,
  );
  const install = guard.command('install');
  addGuardOptions(
    addChoosingOptions(install, ({ en }) => en),
    ({ en }) => en,
  ).action((_own, command: Command) => {
    words = guardWords(withGivenBefore<RawGuardOptions>(command));
  });
  guard.parse(line, { from: 'user' });
  return words;
}

describe('the words of an installed guard', () => {
  it('are those given on either side of install, and no default', () => {
    expect(wordsFrom('install')).toEqual([]);
    expect(wordsFrom('--enforce', 'observe', '--no-reclaim', 'install', '--interval', '2s')).toEqual([
      '--enforce',
      'observe',
      '--interval',
      '2000ms',
      '--no-reclaim',
    ]);
  });

  it('prefer what stands behind install, and leave out what is about installing', () => {
    expect(wordsFrom('--enforce', 'poll', 'install', '--enforce', 'off', '--json', '-qv')).toEqual([
      '--enforce',
      'off',
    ]);
  });

  it('are absolute paths, addresses as they are typed, and every --hold', () => {
    const words = wordsFrom(
      'install',
      '--token-file',
      'tok',
      '--listen',
      '[::1]:9470',
      '--hold',
      'a.b=1',
      '--hold',
      'c.d=2',
    );
    expect(words).toEqual([
      '--listen',
      '[::1]:9470',
      '--token-file',
      `${process.cwd()}/tok`,
      '--hold',
      'a.b=1',
      '--hold',
      'c.d=2',
    ]);
  });

  it('can be read again as they were', () => {
    const once = wordsFrom(
      'install',
      '--judge-every',
      '90s',
      '--listen',
      'off',
      '--profile',
      'harvester',
      '--lang',
      'zh-CN',
    );
    expect(wordsFrom('install', ...once)).toEqual(once);
  });
});

describe('reporting to the cluster', () => {
  it('is what an installed guard does as well, by a kubeconfig that is found from anywhere', () => {
    const words = wordsFrom('--report-to-cluster', 'install', '--node', 'node-1', '--kubeconfig', 'own.kubeconfig');
    expect(words).toEqual(['--report-to-cluster', '--node', 'node-1', '--kubeconfig', resolve('own.kubeconfig')]);
  });

  it.each([
    [{ node: 'node-1' }, '--node: only with --report-to-cluster'],
    [{ kubeconfig: '/k' }, '--kubeconfig: only with --report-to-cluster'],
    [{ kubeconfig: '', reportToCluster: true }, '--kubeconfig: expected a file, and it is empty'],
    [{ node: 'Node 1', reportToCluster: true }, "--node Node 1: not a Node's name"],
  ] as const)('is refused where %j is said', (raw, why) => {
    expect(() => checkReportOptions(raw)).toThrow(why);
  });
});
