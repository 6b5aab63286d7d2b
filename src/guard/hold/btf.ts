/**
 * Where members lie in the running kernel's structures, from BTF (Documentation/bpf/btf.rst): the same source has other
 * offsets in every kernel build. The 5 to 10 MB of /sys/kernel/btf/vmlinux are walked, never decoded into objects.
 */

/** A member's place in its structure, in bytes. */
export interface Member {
  readonly offset: number;
  readonly size: number;
}

/** BTF that is cut, damaged, of a kind unknown here, or without what was looked for. One line for a person. */
export class BtfError extends Error {
  override readonly name = 'BtfError';
}

const MAGIC = 0xeb9f;
const TYPE_BYTES = 12;
const MEMBER_BYTES = 12;
const POINTER_BYTES = 8;
/** Anonymous members within anonymous members, and typedefs of typedefs; the kernel has up to four. */
const DEEPEST = 16;
/** task_struct, the largest that is looked into, has some 300. */
const MOST_MEMBERS = 100_000;

const PTR = 2;
const ARRAY = 3;
const STRUCT = 4;
const UNION = 5;
/** typedef, volatile, const, restrict, type_tag: another name or mark of the type they point to. */
const MARKS = new Set([8, 9, 10, 11, 18]);

/** What follows `struct btf_type`, in bytes: a fixed part and a part for each of its `vlen` entries, by kind. */
const TRAILERS: readonly (readonly [fixed: number, each: number])[] = [
  [0, 0], // void, never stored
  [4, 0], // int
  [0, 0], // ptr
  [12, 0], // array
  [0, MEMBER_BYTES], // struct
  [0, MEMBER_BYTES], // union
  [0, 8], // enum
  [0, 0], // fwd
  [0, 0], // typedef
  [0, 0], // volatile
  [0, 0], // const
  [0, 0], // restrict
  [0, 0], // func
  [0, 8], // func_proto
  [4, 0], // var
  [0, 12], // datasec
  [0, 0], // float
  [4, 0], // decl_tag
  [0, 0], // type_tag
  [0, 12], // enum64
];

interface Type {
  /** Where `struct btf_type` begins in the file. */
  readonly at: number;
  readonly kind: number;
  readonly entries: number;
  /** Members' offsets carry a bit-field size in their upper 8 bits. */
  readonly bitFields: boolean;
  /** The size in bytes of what has one, else the type pointed to. */
  readonly sizeOrType: number;
}

interface Found {
  readonly nameOffset: number;
  /** Of its type. */
  readonly number: number;
  readonly offset: number;
  readonly isBitField: boolean;
}

export interface Btf {
  /**
   * A member by its path from a named structure, e.g. `member('net', 'ns', 'inum')`, through anonymous structures and
   * unions as C does. Throws a BtfError.
   */
  member(struct: string, ...path: readonly [string, ...string[]]): Member;
}

/** Reads the headers and finds where each type begins. Throws a BtfError. */
export function readBtf(bytes: Uint8Array): Btf {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): number => {
    if (at + 4 > bytes.length) throw new BtfError(`cut at byte ${bytes.length}, where byte ${at} is wanted`);
    return view.getUint32(at, true);
  };
  if (bytes.length < 24 || view.getUint16(0, true) !== MAGIC) throw new BtfError('not little-endian BTF');
  const header = word(4);
  const types = { from: header + word(8), bytes: word(12) };
  const strings = { from: header + word(16), bytes: word(20) };
  if (Math.max(types.from + types.bytes, strings.from + strings.bytes) > bytes.length)
    throw new BtfError(
      `cut: ${bytes.length} bytes of ${Math.max(types.from + types.bytes, strings.from + strings.bytes)}`,
    );

  function typeAt(at: number): Type {
    const info = word(at + 4);
    const kind = (info >>> 24) & 0x1f;
    return { at, kind, entries: info & 0xffff, bitFields: info >>> 31 === 1, sizeOrType: word(at + 8) };
  }

  /** Offsets of the types by their number; number 0 is void. */
  const places = new Uint32Array(Math.floor(types.bytes / TYPE_BYTES) + 1);
  let count = 1;
  for (let at = types.from; at < types.from + types.bytes; count++) {
    const { kind, entries } = typeAt(at);
    const trailer = TRAILERS[kind];
    if (kind === 0 || trailer === undefined) throw new BtfError(`type ${count} is of the unknown kind ${kind}`);
    places[count] = at;
    at += TYPE_BYTES + trailer[0] + trailer[1] * entries;
  }

  function type(number: number): Type {
    const at = number > 0 && number < count ? places[number] : undefined;
    if (at === undefined) throw new BtfError(`there is no type ${number}`);
    return typeAt(at);
  }
  /** The type without its typedefs, const and the like. */
  function bare(number: number): Type {
    let found = type(number);
    for (let depth = 0; MARKS.has(found.kind); depth++) {
      if (depth === DEEPEST) throw new BtfError(`type ${number} leads nowhere`);
      found = type(found.sizeOrType);
    }
    return found;
  }

  function sizeOf(number: number, depth = 0): number {
    if (depth === DEEPEST) throw new BtfError(`type ${number} contains itself`);
    const found = bare(number);
    if (found.kind === PTR) return POINTER_BYTES;
    if (found.kind !== ARRAY) return found.sizeOrType;
    return sizeOf(word(found.at + TYPE_BYTES), depth + 1) * word(found.at + TYPE_BYTES + 8);
  }

  function isNamed(nameOffset: number, name: string): boolean {
    const from = strings.from + nameOffset;
    if (nameOffset + name.length >= strings.bytes) return false;
    for (let index = 0; index < name.length; index++) if (bytes[from + index] !== name.charCodeAt(index)) return false;
    return bytes[from + name.length] === 0;
  }

  function structNamed(name: string): Type {
    for (let number = 1; number < count; number++) {
      const at = places[number] ?? 0;
      // A forward declaration has the same name and another kind.
      if (((bytes[at + 7] ?? 0) & 0x1f) === STRUCT && isNamed(word(at), name)) return typeAt(at);
    }
    throw new BtfError(`this kernel has no struct ${name}`);
  }

  /** The structure's members and those of its anonymous ones. */
  function* membersOf(struct: Type, offset: number, depth: number): Generator<Found> {
    if (depth === DEEPEST) throw new BtfError('a structure contains itself');
    for (let index = 0; index < struct.entries; index++) {
      const at = struct.at + TYPE_BYTES + index * MEMBER_BYTES;
      const [nameOffset, number, place] = [word(at), word(at + 4), word(at + 8)];
      const bits = struct.bitFields ? place & 0xffffff : place;
      const isBitField = bits % 8 !== 0 || (struct.bitFields && place >>> 24 !== 0);
      yield { nameOffset, number, offset: offset + bits / 8, isBitField };
      const inner = bare(number);
      if (isNamed(nameOffset, '') && isAggregate(inner)) yield* membersOf(inner, offset + bits / 8, depth + 1);
    }
  }
  function find(struct: Type, name: string): Found | undefined {
    let seen = 0;
    for (const member of membersOf(struct, 0, 0)) {
      if (isNamed(member.nameOffset, name)) return member;
      if (++seen > MOST_MEMBERS) throw new BtfError(`a structure with more than ${MOST_MEMBERS} members`);
    }
    return undefined;
  }

  return {
    member(struct, ...path) {
      let from = structNamed(struct);
      let offset = 0;
      let last = 0;
      for (const [index, name] of path.entries()) {
        const found = isAggregate(from) ? find(from, name) : undefined;
        if (found === undefined)
          throw new BtfError(`struct ${struct} has no member ${path.slice(0, index + 1).join('.')}`);
        if (found.isBitField) throw new BtfError(`${path.join('.')} of struct ${struct} is a bit-field`);
        offset += found.offset;
        last = found.number;
        if (index < path.length - 1) from = bare(last);
      }
      return { offset, size: sizeOf(last) };
    },
  };
}

function isAggregate({ kind }: Type): boolean {
  return kind === STRUCT || kind === UNION;
}
