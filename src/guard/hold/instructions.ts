/**
 * A small assembler for BPF (RFC 9669), little-endian: as many instructions as the hold needs, jumps to names. A
 * compiler for BPF is on no node that is guarded, and none is needed for a few hundred instructions.
 */

/** r0: what a call returned. r1–r5: a call's arguments, lost by it. r6–r9: kept. r10: the end of the 512 bytes of stack. */
export type Register = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;
/** Bytes moved by one load or store. */
export type Width = 1 | 4 | 8;
/** Without a sign, unless it is named. */
export type Condition = 'equal' | 'notEqual' | 'greater' | 'atLeast' | 'less' | 'signedGreater' | 'signedAtMost';
/** In 64 bits. */
export type Arithmetic = 'add' | 'subtract' | 'multiply' | 'or' | 'and' | 'negate';
/** A register, or a number of 32 bits, sign-extended. */
export type Operand = { readonly register: Register } | number;

const BYTES = 8;
const WIDTHS = { 4: 0x00, 1: 0x10, 8: 0x18 } as const;
const CONDITIONS: Readonly<Record<Condition, number>> = {
  equal: 0x10,
  greater: 0x20,
  atLeast: 0x30,
  notEqual: 0x50,
  signedGreater: 0x60,
  less: 0xa0,
  signedAtMost: 0xd0,
};
const ARITHMETIC: Readonly<Record<Arithmetic, number>> = {
  add: 0x00,
  subtract: 0x10,
  multiply: 0x20,
  or: 0x40,
  and: 0x50,
  negate: 0x80,
};
const [LDX, ST, STX, JUMP, ALU64] = [0x61, 0x62, 0x63, 0x05, 0x07];
const ATOMIC_64 = 0xdb;
const LOAD_IMMEDIATE_64 = 0x18;
const MAP_DESCRIPTOR = 1;
const [MOVE, CALL, EXIT, ALWAYS] = [0xb0, 0x85, 0x95, 0x05];
const FROM_REGISTER = 0x08;

interface Instruction {
  readonly code: number;
  readonly to?: Register | undefined;
  readonly from?: number | undefined;
  readonly offset?: number | undefined;
  readonly immediate?: number | undefined;
  /** Where a jump goes. */
  readonly label?: string | undefined;
}

export interface Assembler {
  /** The place that jumps reach by this name. */
  label(name: string): void;
  move(to: Register, value: Operand): void;
  arithmetic(how: Arithmetic, to: Register, value?: Operand): void;
  /** to = *(from + offset), zero-extended. */
  load(width: Width, to: Register, from: Register, offset: number): void;
  /** *(to + offset) = value. */
  store(width: Width, to: Register, offset: number, value: Operand): void;
  /** *(to + offset) += register, 64 bits, atomically. */
  atomicAdd(to: Register, offset: number, register: Register): void;
  /** to = the map behind a file descriptor. */
  map(to: Register, descriptor: number): void;
  /** A helper by its number in linux/bpf.h. */
  call(helper: number): void;
  jump(label: string): void;
  jumpIf(condition: Condition, left: Register, right: Operand, label: string): void;
  exit(): void;
  /** The program's bytes. Throws an Error for a label that is missing or too far. */
  assemble(): Uint8Array;
}

export function assembler(): Assembler {
  const instructions: Instruction[] = [];
  const labels = new Map<string, number>();

  function withOperand(code: number, operand: Operand, rest: Omit<Instruction, 'code'>): void {
    if (typeof operand === 'number') instructions.push({ ...rest, code, immediate: operand });
    else instructions.push({ ...rest, code: code | FROM_REGISTER, from: operand.register });
  }

  return {
    label(name) {
      if (labels.has(name)) throw new Error(`the label ${name} is there twice`);
      labels.set(name, instructions.length);
    },
    move: (to, value) => withOperand(ALU64 | MOVE, value, { to }),
    arithmetic: (how, to, value = 0) => withOperand(ALU64 | ARITHMETIC[how], value, { to }),
    load: (width, to, from, offset) => instructions.push({ code: LDX | WIDTHS[width], to, from, offset }),
    store(width, to, offset, value) {
      if (typeof value === 'number') instructions.push({ code: ST | WIDTHS[width], to, offset, immediate: value });
      else instructions.push({ code: STX | WIDTHS[width], to, from: value.register, offset });
    },
    atomicAdd: (to, offset, register) => instructions.push({ code: ATOMIC_64, to, from: register, offset }),
    map(to, descriptor) {
      instructions.push({ code: LOAD_IMMEDIATE_64, to, from: MAP_DESCRIPTOR, immediate: descriptor });
      // The upper half of the 64 bits.
      instructions.push({ code: 0 });
    },
    call: (helper) => instructions.push({ code: CALL, immediate: helper }),
    jump: (label) => instructions.push({ code: ALWAYS, label }),
    jumpIf: (condition, left, right, label) => withOperand(JUMP | CONDITIONS[condition], right, { to: left, label }),
    exit: () => instructions.push({ code: EXIT }),
    assemble() {
      const bytes = new Uint8Array(instructions.length * BYTES);
      const view = new DataView(bytes.buffer);
      for (const [index, { code, to = 0, from = 0, offset = 0, immediate = 0, label }] of instructions.entries()) {
        view.setUint8(index * BYTES, code);
        view.setUint8(index * BYTES + 1, (from << 4) | to);
        view.setInt16(index * BYTES + 2, label === undefined ? offset : distance(label, index), true);
        view.setInt32(index * BYTES + 4, immediate, true);
      }
      return bytes;
    },
  };

  /** Counted from the instruction after the jump. */
  function distance(label: string, from: number): number {
    const at = labels.get(label);
    if (at === undefined) throw new Error(`there is no label ${label}`);
    const jump = at - from - 1;
    if (jump < -0x8000 || jump > 0x7fff) throw new Error(`the label ${label} is too far from instruction ${from}`);
    return jump;
  }
}
