import type { Assembler, Register } from './instructions.ts';
import { SEEN, VALUE_BYTES } from './layout.ts';

/** What the parts of the program share: its context, its stack and what its registers keep throughout. */

/** struct bpf_sysctl. */
export const [WRITE, FILE_POS] = [0, 4];

// The stack, from its end. The key of `seen` begins with a name: that which is written, then the setting's own.
export const KEY = -SEEN.key;
export const ROW = KEY - SEEN.bytes;
export const WRITTEN = ROW + SEEN.written;
export const ZEROS = ROW - VALUE_BYTES;
/** What was read last of the kernel's memory. */
export const FOUND = ZEROS - 8;
/** The key of the array maps. */
export const INDEX = FOUND - 8;
/** A pointer to what the program goes by. */
export const CONFIG_AT = INDEX - 8;

export const CONTEXT: Register = 6;
/** What is held of the setting. */
export const ENTRY: Register = 7;
export const TASK: Register = 8;
/** Of what was written, in bytes. */
export const LENGTH: Register = 9;
export const STACK: Register = 10;

export const of = (register: Register) => ({ register });

export function stackAddress(p: Assembler, to: Register, offset: number): void {
  p.move(to, of(STACK));
  p.arithmetic('add', to, offset);
}

/** Jumps when a register has not the flag; the register is lost. */
export function jumpUnlessFlag(p: Assembler, register: Register, flag: number, label: string): void {
  p.arithmetic('and', register, flag);
  p.jumpIf('equal', register, 0, label);
}
