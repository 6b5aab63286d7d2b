import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ipsets } from './ipsets.ts';
import { netfilter } from './netfilter.ts';

const namespace = `hwn-${randomBytes(3).toString('hex')}`;

function inside(argv: readonly string[]): string {
  const done = spawnSync('nsenter', [`--net=/run/netns/${namespace}`, ...argv], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${argv.join(' ')}: ${done.error?.message ?? done.stderr}`);
  return done.stdout;
}

/** All that the packet filter has in a namespace, and the modules of the kernel. */
function state(): string {
  const script =
    'cat /proc/net/ip*_tables_names; nft list ruleset; ipset list -n; cat /proc/modules 2>/dev/null | cut -d" " -f1 | sort';
  return inside(['sh', '-c', script]);
}

beforeEach(() => {
  spawnSync('ip', ['netns', 'add', namespace]);
});

afterEach(() => {
  spawnSync('ip', ['netns', 'del', namespace]);
});

it('asks nothing that leaves a table, a set or a module behind', () => {
  const before = state();
  const asked = [...netfilter.asks, ...ipsets.asks].flatMap((ask) => (ask.kind === 'run' ? [ask.argv] : []));
  expect(asked.length).toBeGreaterThan(5);
  for (const argv of asked) inside(argv);
  expect(state()).toBe(before);
});

it('would notice a command that makes a table', () => {
  const before = state();
  inside(['iptables-legacy', '-S']);
  expect(state()).not.toBe(before);
});
