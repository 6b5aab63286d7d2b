import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BtfError, readBtf } from './btf.ts';

/** Kinds of linux/btf.h. */
const [INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, , CONST] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const [FUNC_PROTO, VAR, DATASEC, DECL_TAG, TYPE_TAG, ENUM64] = [13, 14, 15, 17, 18, 19];

interface TypeSpec {
  readonly kind: number | undefined;
  readonly name?: string;
  readonly sizeOrType?: number;
  readonly members?: readonly (readonly [name: string, type: number, bits: number])[];
  /** Words after the type that are no members. */
  readonly words?: readonly number[];
  readonly entries?: number;
  readonly bitFields?: true;
}

function btf(types: readonly TypeSpec[]): Buffer {
  const strings: string[] = [''];
  const nameOf = (name = ''): number => {
    if (!strings.includes(name)) strings.push(name);
    return Buffer.byteLength(
      strings
        .slice(0, strings.indexOf(name))
        .map((one) => `${one}\0`)
        .join(''),
    );
  };
  const words = types.flatMap(({ kind = 0, name, sizeOrType = 0, members = [], words = [], entries, bitFields }) => [
    nameOf(name),
    ((bitFields ? 1 : 0) << 31) | (kind << 24) | (entries ?? members.length),
    sizeOrType,
    ...words,
    ...members.flatMap(([member, type, bits]) => [nameOf(member), type, bits]),
  ]);
  const text = Buffer.from(`${strings.join('\0')}\0`);
  const header = Buffer.alloc(24);
  header.writeUInt16LE(0xeb9f, 0);
  header.writeUInt8(1, 2);
  for (const [index, word] of [24, 0, words.length * 4, words.length * 4, text.length].entries())
    header.writeUInt32LE(word, 4 + 4 * index);
  const body = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) body.writeUInt32LE(word >>> 0, index * 4);
  return Buffer.concat([header, body, text]);
}

const TYPES: readonly TypeSpec[] = [
  { kind: INT, name: 'int', sizeOrType: 4, words: [0x20] }, // 1
  { kind: INT, name: 'char', sizeOrType: 1, words: [8] },
  { kind: PTR, sizeOrType: 8 }, // 3
  { kind: ARRAY, words: [2, 1, 16] },
  { kind: TYPEDEF, name: 'pid_t', sizeOrType: 1 }, // 5
  { kind: CONST, sizeOrType: 5 },
  {
    kind: STRUCT,
    sizeOrType: 12,
    members: [
      ['hidden', 1, 0],
      ['', 8, 32],
    ],
  }, // 7
  {
    kind: UNION,
    sizeOrType: 8,
    members: [
      ['one', 1, 0],
      ['other', 3, 0],
    ],
  }, // 8
  { kind: FWD, name: 'task' }, // 9
  { kind: ENUM, sizeOrType: 4, entries: 1, words: [0, 0] },
  { kind: FUNC_PROTO, entries: 1, words: [0, 1] },
  { kind: VAR, sizeOrType: 1, words: [0] },
  { kind: DATASEC, entries: 1, words: [1, 0, 4] },
  { kind: DECL_TAG, sizeOrType: 1, words: [0] },
  { kind: TYPE_TAG, sizeOrType: 6 }, // 15
  { kind: ENUM64, sizeOrType: 8, entries: 1, words: [0, 0, 0] },
  {
    kind: STRUCT,
    name: 'task',
    sizeOrType: 64,
    members: [
      ['state', 1, 0],
      ['', 7, 64],
      ['comm', 4, 192],
      ['tgid', 15, 320],
      ['inner', 18, 352],
      ['task', 3, 448],
    ],
  }, // 17
  {
    kind: STRUCT,
    name: 'flags',
    sizeOrType: 8,
    bitFields: true,
    members: [
      ['bit', 1, (1 << 24) | 8],
      ['whole', 1, 32],
    ],
  },
  {
    kind: STRUCT,
    name: 'loop',
    sizeOrType: 8,
    members: [
      ['', 19, 0],
      ['', 19, 0],
    ],
  },
  { kind: TYPEDEF, name: 'round', sizeOrType: 20 },
  { kind: STRUCT, name: 'lost', sizeOrType: 8, members: [['round', 20, 0]] },
  { kind: STRUCT, name: 'cut', sizeOrType: 8, members: [['beyond', 99, 0]] },
];
const bytes = btf(TYPES);

describe('a member', () => {
  const { member } = readBtf(bytes);
  for (const [path, offset, size] of [
    [['task', 'state'], 0, 4],
    [['task', 'comm'], 24, 16],
    [['task', 'tgid'], 40, 4],
    [['task', 'task'], 56, 8],
    [['task', 'hidden'], 8, 4],
    [['task', 'other'], 12, 8],
    [['task', 'inner', 'whole'], 48, 4],
    [['flags', 'whole'], 4, 4],
  ] as const)
    it(path.join('.'), () => {
      const [struct, ...rest] = path;
      expect(member(struct, ...(rest as unknown as [string]))).toEqual({ offset, size });
    });
});

describe('is told of', () => {
  const { member } = readBtf(bytes);
  for (const [what, act, words] of [
    ['a structure that is not there', () => member('net', 'ns'), 'no struct net'],
    ['one that is only named so far', () => member('tas', 'ns'), 'no struct tas'],
    ['a member that is not there', () => member('task', 'inner', 'none'), 'no member inner.none'],
    ['a path through what has no members', () => member('task', 'state', 'x'), 'no member state.x'],
    ['a bit-field', () => member('flags', 'bit'), 'bit-field'],
    ['a structure in itself', () => member('loop', 'x'), 'contains itself'],
    ['a type that leads to itself', () => member('lost', 'round'), 'leads nowhere'],
    ['a type that is not there', () => member('cut', 'beyond'), 'no type 99'],
    ['no BTF', () => readBtf(Buffer.from('\x7fELF'.padEnd(64))), 'not little-endian BTF'],
    ['an empty file', () => readBtf(Buffer.alloc(0)), 'not little-endian BTF'],
    ['a kind of a later kernel', () => readBtf(btf([{ kind: 25 }])), 'unknown kind 25'],
    ['a cut file', () => readBtf(bytes.subarray(0, bytes.length - 1)), 'cut'],
  ] as const)
    it(what, () => {
      expect(act).toThrow(BtfError);
      expect(act).toThrow(words);
    });
});

/** Nothing but a BtfError, whatever the bytes; and an end. */
function survives(damaged: Uint8Array): void {
  try {
    const { member } = readBtf(damaged);
    for (const name of ['task', 'flags', 'loop', 'lost'])
      for (const path of ['hidden', 'tgid', 'none', 'round'])
        try {
          member(name, path);
        } catch (error) {
          expect(error).toBeInstanceOf(BtfError);
        }
  } catch (error) {
    expect(error).toBeInstanceOf(BtfError);
  }
}

describe('damaged BTF', () => {
  it('cut anywhere', () => {
    for (let length = 0; length < bytes.length; length++) survives(bytes.subarray(0, length));
  });

  it('with other bytes', () => {
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const damaged = Buffer.from(bytes);
        for (const [at, byte] of changes) damaged[at] = byte;
        survives(damaged);
      }),
      { numRuns: 3000 },
    );
  });
});
