import { describe, expect, it } from 'vitest';
import { type Assembler, assembler } from './instructions.ts';

/** Instructions as RFC 9669 encodes them, in hexadecimal: code, source and target, offset, number. */
function encoded(write: (p: Assembler) => void): string {
  const program = assembler();
  write(program);
  return Buffer.from(program.assemble()).toString('hex');
}

describe('an instruction', () => {
  for (const [text, write, bytes] of [
    ['r1 = r2', (p) => p.move(1, { register: 2 }), 'bf21000000000000'],
    ['r3 = -1', (p) => p.move(3, -1), 'b7030000ffffffff'],
    ['r2 += -8', (p) => p.arithmetic('add', 2, -8), '07020000f8ffffff'],
    ['r3 -= r4', (p) => p.arithmetic('subtract', 3, { register: 4 }), '1f43000000000000'],
    ['r3 *= r4', (p) => p.arithmetic('multiply', 3, { register: 4 }), '2f43000000000000'],
    ['r0 |= 32', (p) => p.arithmetic('or', 0, 32), '4700000020000000'],
    ['r0 &= 63', (p) => p.arithmetic('and', 0, 63), '570000003f000000'],
    ['r3 = -r3', (p) => p.arithmetic('negate', 3), '8703000000000000'],
    ['r2 = *(u8 *)(r10 - 1)', (p) => p.load(1, 2, 10, -1), '71a2ffff00000000'],
    ['r2 = *(u32 *)(r1 + 4)', (p) => p.load(4, 2, 1, 4), '6112040000000000'],
    ['r2 = *(u64 *)(r1 + 8)', (p) => p.load(8, 2, 1, 8), '7912080000000000'],
    ['*(u32 *)(r6 + 4) = r1', (p) => p.store(4, 6, 4, { register: 1 }), '6316040000000000'],
    ['*(u64 *)(r10 - 16) = 0', (p) => p.store(8, 10, -16, 0), '7a0af0ff00000000'],
    ['lock *(u64 *)(r6 + 0) += r1', (p) => p.atomicAdd(6, 0, 1), 'db16000000000000'],
    ['r1 = map 7 ll', (p) => p.map(1, 7), '18110000070000000000000000000000'],
    ['call 101', (p) => p.call(101), '8500000065000000'],
    ['exit', (p) => p.exit(), '9500000000000000'],
  ] as const satisfies readonly (readonly [string, (p: Assembler) => void, string])[])
    it(text, () => {
      expect(encoded(write)).toBe(bytes);
    });
});

describe('a jump', () => {
  const codes = {
    equal: '15',
    greater: '25',
    atLeast: '35',
    notEqual: '55',
    signedGreater: '65',
    less: 'a5',
    signedAtMost: 'd5',
  } as const;
  for (const [condition, code] of Object.entries(codes) as [keyof typeof codes, string][])
    it(`if ${condition}`, () => {
      expect(
        encoded((p) => {
          p.jumpIf(condition, 1, 5, 'next');
          p.label('next');
        }),
      ).toBe(`${code}01000005000000`);
    });

  it('counts from the instruction after it, both ways, a map as two', () => {
    const text = encoded((p) => {
      p.label('back');
      p.jumpIf('equal', 1, { register: 2 }, 'on');
      p.map(1, 3);
      p.jump('back');
      p.label('on');
      p.exit();
    });
    expect(text.slice(0, 16)).toBe('1d21030000000000');
    expect(text.slice(48, 64)).toBe('0500fcff00000000');
  });

  it('to nowhere, to two places or too far is an error', () => {
    expect(() => encoded((p) => p.jump('nowhere'))).toThrow('no label nowhere');
    const program = assembler();
    program.label('here');
    expect(() => program.label('here')).toThrow('twice');
    expect(() =>
      encoded((p) => {
        p.jump('far');
        for (let count = 0; count < 0x8000; count++) p.exit();
        p.label('far');
      }),
    ).toThrow('too far');
  });
});
