import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { globMatcher } from './glob.ts';

test.each([
  ['net/ipv4/conf/*/rp_filter', 'net/ipv4/conf/eth0.100/rp_filter', true],
  ['net/*/rp_filter', 'net/ipv4/conf/rp_filter', false],
  ['net/ipv4/conf/*/rp_filter', 'net/ipv4/conf/.hidden/rp_filter', false],
  ['a/[a-c]?', 'a/bx', true],
  ['a/[!a-c]?', 'a/bx', false],
  ['a/[]]', 'a/]', true],
  ['a/[x', 'a/[x', true],
  ['a/\\*', 'a/*', true],
  ['a/\\*', 'a/b', false],
  ['{a,b/c}/*', 'b/c/d', true],
  ['{a,b{1,2}}*', 'b2x', true],
  ['{}*', '{}x', true],
  ['a{b*', 'a{bx', true],
  ['[[:digit:]]*', '5x', true],
  ['*a*a*a*b', 'a'.repeat(200), false],
])('%s on %s: %s', (pattern, key, expected) => {
  expect(globMatcher(pattern)(key)).toBe(expected);
});

test('never throws, whatever the pattern', () => {
  void assert(property(string(), string(), (pattern, key) => typeof globMatcher(pattern)(key) === 'boolean'));
});
