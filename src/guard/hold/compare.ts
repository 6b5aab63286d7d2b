import { CONFIG_AT, CONTEXT, ENTRY, FILE_POS, jumpUnlessFlag, LENGTH, of, STACK, WRITTEN } from './frame.ts';
import type { Assembler, Operand, Register } from './instructions.ts';
import { CONFIG, HELD, HELD_FLAGS, VALUE_BYTES } from './layout.ts';

/**
 * Goes to `same` or `different`. Every byte has instructions of its own, without loops: the verifier would follow each
 * round of a loop as another state of the same instruction, and gives up at a million of them.
 */
export function compare(p: Assembler): void {
  p.load(4, 0, ENTRY, HELD.flags);
  jumpUnlessFlag(p, 0, HELD_FLAGS.number, 'text');
  compareNumber(p);
  compareText(p);
}

const BYTE: Register = 2;
/** What is longer, with the blanks around it, is taken for another number. */
const NUMBER_BYTES = 32;

/** BYTE = the one at this place; jumps when nothing was written there. */
function loadByte(p: Assembler, at: number, atEnd: string): void {
  p.jumpIf('signedAtMost', LENGTH, at, atEnd);
  p.load(1, BYTE, STACK, WRITTEN + at);
}

/** isspace(): 9 to 13 and 32. */
function jumpIfBlank(p: Assembler, label: string, elseLabel: string): void {
  p.jumpIf('equal', BYTE, 0x20, label);
  p.jumpIf('greater', BYTE, 0x0d, elseLabel);
  p.jumpIf('atLeast', BYTE, 0x09, label);
  p.label(elseLabel);
}

/** Reads it as the kernel does, by strtoul with base 0: 8 after a leading 0, 16 after 0x. One number, blanks around it. */
function compareNumber(p: Assembler): void {
  const VALUE: Register = 3;
  const BASE: Register = 4;
  const NEGATIVE: Register = 5;
  p.jumpIf('signedGreater', LENGTH, NUMBER_BYTES, 'different');
  p.move(VALUE, 0);
  p.move(BASE, 10);
  p.move(NEGATIVE, 0);
  for (let at = 0; at < NUMBER_BYTES; at++) {
    const next = at + 1;
    p.label(`leading-${at}`);
    loadByte(p, at, 'different');
    jumpIfBlank(p, `leading-${next}`, `sign-${at}`);
    p.jumpIf('notEqual', BYTE, 0x2d, `first-${at}`);
    p.move(NEGATIVE, 1);
    p.jump(`unsigned-${next}`);

    // The verifier takes no instruction that cannot be reached: at 0 there is no sign, and nothing before a digit.
    if (at > 0) {
      p.label(`unsigned-${at}`);
      loadByte(p, at, 'different');
    }
    p.label(`first-${at}`);
    p.jumpIf('notEqual', BYTE, 0x30, `digit-${at}`);
    p.move(BASE, 8);
    loadByte(p, next, 'value');
    p.arithmetic('or', BYTE, 0x20);
    p.jumpIf('notEqual', BYTE, 0x78, `digits-${next}`);
    p.move(BASE, 16);
    p.jump(`digits-${at + 2}`);

    if (at > 0) {
      p.label(`digits-${at}`);
      loadByte(p, at, 'value');
      jumpIfBlank(p, `trailing-${next}`, `digit-${at}`);
    } else p.label(`digit-${at}`);
    p.jumpIf('greater', BYTE, 0x39, `letter-${at}`);
    p.arithmetic('subtract', BYTE, 0x30);
    p.jump(`add-${at}`);
    p.label(`letter-${at}`);
    p.arithmetic('or', BYTE, 0x20);
    p.arithmetic('subtract', BYTE, 0x61 - 10);
    p.label(`add-${at}`);
    // What is no digit is too large, also where it fell below 0: there is no sign here.
    p.jumpIf('atLeast', BYTE, of(BASE), 'different');
    p.arithmetic('multiply', VALUE, of(BASE));
    p.arithmetic('add', VALUE, of(BYTE));
    p.jump(`digits-${next}`);

    if (at < 2) continue;
    p.label(`trailing-${at}`);
    loadByte(p, at, 'value');
    jumpIfBlank(p, `trailing-${next}`, `more-${at}`);
    p.jump('different');
  }
  for (const at of [NUMBER_BYTES, NUMBER_BYTES + 1])
    for (const part of ['digits', 'trailing']) p.label(`${part}-${at}`);

  p.label('value');
  p.jumpIf('equal', NEGATIVE, 0, 'signed');
  p.arithmetic('negate', VALUE);
  p.label('signed');
  p.load(8, 0, ENTRY, HELD.number);
  p.jumpIf('equal', 0, of(VALUE), 'same');
  for (const part of ['leading', 'unsigned']) p.label(`${part}-${NUMBER_BYTES}`);
  p.jump('different');
}

/** Byte by byte, blanks around it left out and each run of blanks within it taken for one space. */
function compareText(p: Assembler): void {
  const MATCHED: Register = 3;
  const BLANK: Register = 4;
  const last = VALUE_BYTES - 1;
  function match(byte: Operand): void {
    p.move(0, of(ENTRY));
    p.arithmetic('add', 0, of(MATCHED));
    p.load(1, 0, 0, HELD.replacement);
    p.jumpIf('notEqual', 0, byte, 'different');
    p.arithmetic('add', MATCHED, 1);
    p.arithmetic('and', MATCHED, VALUE_BYTES - 1);
  }

  p.label('text');
  p.jumpIf('signedGreater', LENGTH, last, 'different');
  // At a later position it is not the whole value.
  p.load(4, 0, CONTEXT, FILE_POS);
  p.jumpIf('notEqual', 0, 0, 'different');
  // 0, but as a number from 0 to 63 to the verifier: it follows one state instead of one for each place.
  p.load(8, 0, STACK, CONFIG_AT);
  p.load(4, MATCHED, 0, CONFIG.zero);
  p.arithmetic('and', MATCHED, VALUE_BYTES - 1);
  p.move(BLANK, 0);
  for (let at = 0; at < last; at++) {
    loadByte(p, at, 'matched');
    jumpIfBlank(p, `blank-${at}`, `word-${at}`);
    p.jumpIf('equal', BLANK, 0, `match-${at}`);
    p.move(BLANK, 0);
    p.jumpIf('equal', MATCHED, 0, `match-${at}`);
    match(0x20);
    p.label(`match-${at}`);
    match(of(BYTE));
    p.jump(`text-${at + 1}`);
    p.label(`blank-${at}`);
    p.move(BLANK, 1);
    p.label(`text-${at + 1}`);
  }
  p.label('matched');
  p.load(4, 0, ENTRY, HELD.length);
  p.jumpIf('notEqual', 0, of(MATCHED), 'different');
}
