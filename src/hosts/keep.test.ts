import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertKeep, keptLines } from './keep.ts';

function grep(pattern: string, text: string): string {
  return spawnSync('grep', ['-a', '-E', '-e', pattern], { input: text, env: { LC_ALL: 'C' } }).stdout.toString();
}

const PATTERNS = [
  '^btime ',
  '/(br[_-]netfilter|overlay)\\.ko',
  '^(# )?CONFIG_(BRIDGE|NF_NAT)[= ]',
  '^[^:]*x',
  'a{2,3}b',
  '(a|b)+c?$',
  '^$',
  '[a^b]',
  '\\.\\*\\[',
];

describe('keep', () => {
  it.each(PATTERNS)('%s selects the lines that grep -E selects', (pattern) => {
    assertKeep(pattern);
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab:x_-.*[] \nCONFIG') }), (noise) => {
        const text = `${noise}\nbtime 1\nk/br-netfilter.ko\n# CONFIG_BRIDGE is\naaab\n\n]\n.*[${noise}`;
        expect(keptLines(text, pattern)).toBe(grep(pattern, text));
      }),
      { numRuns: 10 },
    );
  });

  it.each(['[]a]', '[^]a]', '[[:space:]]', '\\d+', '(?:a)', 'a**', '*a', '(+a)', '[\\d]', 'a\nb', '\\bx', 'a+?', '('])(
    '%j would differ between hosts and is refused',
    (pattern) => {
      expect(() => assertKeep(pattern)).toThrow();
    },
  );
});
