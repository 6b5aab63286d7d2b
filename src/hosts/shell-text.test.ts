import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SHELLS } from '../../test/shell-transport.ts';
import { printing, quoted, quotedPath, shellWord } from './shell-text.ts';

function shell(program: string, script: string): Buffer {
  return execFileSync(program, program.endsWith('busybox') ? ['sh', '-c', script] : ['-c', script]);
}

describe.each(SHELLS.filter((program) => existsSync(program)))('%s', (program) => {
  it('reads quoted words back as they were', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ unit: 'binary' }).map((word) => Buffer.from(word.replaceAll('\0', '')).toString()),
          { minLength: 1 },
        ),
        (words) => {
          const wanted = words.map((word) => `${word}\0`).join('');
          for (const form of [quoted, shellWord]) {
            expect(shell(program, `printf '%s\\0' ${words.map(form).join(' ')}`).toString()).toBe(wanted);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('prints exactly the bytes it is told to', () => {
    const every = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256));
    expect(shell(program, printing(every))).toEqual(every);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1500 }), (bytes) => {
        expect(shell(program, printing(bytes))).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 20 },
    );
  });
});

it('shows a word bare where the shell takes it as it is', () => {
  expect(['/proc/sys/net', "o'd", '', '$x'].map(shellWord)).toEqual(['/proc/sys/net', `'o'\\''d'`, "''", "'$x'"]);
});

it('leaves the release of the kernel to the shell and quotes the rest', () => {
  expect(quotedPath("/lib/modules/{release}/it's")).toBe(`'/lib/modules/'"$REL"'/it'\\''s'`);
});
