import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode } from './decode.ts';

const bytes = (text: string, encoding: BufferEncoding = 'utf8') => Buffer.from(text, encoding);

describe('bytes of a file', () => {
  it.each<[string, Uint8Array, object]>([
    ['UTF-8', bytes('a: ä\n'), { text: 'a: ä\n', bom: false }],
    ['UTF-8 with its mark', bytes('\ufeffa: 1\n'), { text: 'a: 1\n', bom: true }],
    ['nothing', bytes(''), { text: '', bom: false }],
    ['UTF-16', bytes('\ufeffa: 1\n', 'utf16le'), { fault: 'utf-16', line: 1, column: 1 }],
    ['UTF-16, the big end first', bytes('\ufeffa: 1\n', 'utf16le').swap16(), { fault: 'utf-16' }],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), { fault: 'utf-32' }],
    ['UTF-16 without its mark', bytes('a: 1\n', 'utf16le'), { fault: 'nul', line: 1, column: 2 }],
    ['Latin-1', bytes('a: 1\nb: é\n', 'latin1'), { fault: 'not-utf-8', line: 2, column: 4 }],
    ['Latin-1 behind characters of two bytes', bytes('a: ää\xe9', 'latin1'), { fault: 'not-utf-8', column: 4 }],
    ['a character cut off', bytes('a: ä').subarray(0, 4), { fault: 'not-utf-8', line: 1, column: 4 }],
    ['NUL', bytes('a: 1\n\nb: \0\n'), { fault: 'nul', line: 3, column: 4 }],
    ['NUL before Latin-1', bytes('a\0\n\xe9', 'latin1'), { fault: 'nul', line: 1, column: 2 }],
  ])('of %s', (_what, input, wanted) => {
    expect(decode(input)).toMatchObject(wanted);
  });

  it('of any kind are text or have a place', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
        const decoded = decode(input);
        if (decoded.kind === 'text') {
          expect(Buffer.from((decoded.bom ? '\ufeff' : '') + decoded.text)).toEqual(Buffer.from(input));
        } else expect(decoded.line * decoded.column).toBeGreaterThan(0);
      }),
    );
  });
});
