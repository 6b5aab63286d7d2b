import { compare } from './compare.ts';
import {
  CONFIG_AT,
  CONTEXT,
  ENTRY,
  FILE_POS,
  FOUND,
  INDEX,
  jumpUnlessFlag,
  KEY,
  LENGTH,
  of,
  ROW,
  STACK,
  stackAddress,
  TASK,
  WRITE,
  WRITTEN,
  ZEROS,
} from './frame.ts';
import { type Assembler, assembler, type Register } from './instructions.ts';
import {
  ANSWERS,
  type Answer,
  COMM_BYTES,
  CONFIG,
  CONFIG_FLAGS,
  HELD,
  HELD_FLAGS,
  NAME_BYTES,
  SEEN,
  VALUE_BYTES,
} from './layout.ts';

/**
 * The program that answers writes to settings (type cgroup/sysctl, run by proc_sys_call_handler in fs/proc/proc_sysctl.c
 * after the writer's bytes were copied and before the setting's own handler sees them). It never refuses a write.
 *
 * Two ways to answer, both of which leave write(2) with the writer's own length and success:
 * - *replace* what was written (bpf_sysctl_set_new_value), padded with newlines to exactly the writer's length, since
 *   write(2) returns the new length and dash and busybox fail on another. Newlines, because number handlers skip them as
 *   blanks (proc_skip_spaces) and string handlers stop at them (_proc_do_string).
 * - have it *ignored*: the file position is set far away, and with kernel.sysctl_writes_strict 1 (the default) a
 *   write anywhere but at 0 is accepted and changes nothing (proc_first_pos_non_zero_ignore in kernel/sysctl.c). It
 *   needs no room and works where the first does not: kernels from 5.18 ignore what bpf_sysctl_set_new_value gives them
 *   until commit 2566c3b24219 (Debian: 6.1.180).
 *
 * Known gap: what counts is the writer's network namespace at the time of the write. A file opened in the guarded
 * namespace and written from another passes; one opened elsewhere and written from the guarded one is answered.
 */

/** Byte offsets in the running kernel's structures. */
export interface KernelOffsets {
  readonly taskNsproxy: number;
  readonly taskComm: number;
  readonly taskTgid: number;
  readonly nsproxyNet: number;
  readonly netInum: number;
}

/** File descriptors of the maps. */
export interface ProgramMaps {
  readonly config: number;
  readonly held: number;
  readonly seen: number;
  readonly generation: number;
}

/** Without heartbeats for so long, the guard counts as gone and writes pass. */
export const SILENCE_SECONDS = 5 * 60;

// From linux/bpf.h. Those this program type may call in every kernel from 5.10 on, so not get_current_pid_tgid
// (allowed to it from 6.10) nor get_current_comm (6.1): both are read from the task.
const MAP_LOOKUP = 1;
const MAP_UPDATE = 2;
const KTIME_GET_NS = 5;
const GET_CURRENT_TASK = 35;
const GET_CURRENT_CGROUP_ID = 80;
const SYSCTL_GET_NAME = 101;
const SYSCTL_GET_NEW_VALUE = 103;
const SYSCTL_SET_NEW_VALUE = 104;
const PROBE_READ_KERNEL = 113;

/** Only if there is none. */
const BPF_NOEXIST = 1;
const FAR_AWAY = 0x4000_0000;
/** The value does not fit the buffer, which then holds what fits. */
const E2BIG = 7;

export function buildProgram(maps: ProgramMaps, offsets: KernelOffsets): Uint8Array {
  const program = assembler();
  findEntry(program, maps);
  leaveOtherNamespaces(program, maps, offsets);
  readValue(program);
  compare(program);
  answer(program);
  count(program, maps, offsets);
  program.label('pass');
  program.move(0, 1);
  program.exit();
  return program.assemble();
}

function clear(p: Assembler, offset: number, bytes: number): void {
  for (let at = 0; at < bytes; at += 8) p.store(8, STACK, offset + at, 0);
}

function copy(p: Assembler, [to, at]: [Register, number], [from, start]: [Register, number], bytes: number): void {
  for (let done = 0; done < bytes; done += 8) {
    p.load(8, 1, from, start + done);
    p.store(8, to, at + done, of(1));
  }
}

/** The stack's `at` = `bytes` of the kernel's memory at `base` + `offset`. */
function readKernel(p: Assembler, at: number, bytes: number, [base, offset]: [Register, number]): void {
  p.move(3, of(base));
  p.arithmetic('add', 3, offset);
  stackAddress(p, 1, at);
  p.move(2, bytes);
  p.call(PROBE_READ_KERNEL);
  p.jumpIf('notEqual', 0, 0, 'pass');
}

function lookUp(p: Assembler, map: number, key: number): void {
  p.map(1, map);
  stackAddress(p, 2, key);
  p.call(MAP_LOOKUP);
}

/** ENTRY = what is held of the setting that is written. */
function findEntry(p: Assembler, maps: ProgramMaps): void {
  p.load(4, 2, 1, WRITE);
  p.jumpIf('equal', 2, 0, 'pass');
  p.move(CONTEXT, of(1));
  clear(p, KEY, NAME_BYTES);
  stackAddress(p, 2, KEY);
  p.move(3, NAME_BYTES);
  p.move(4, 0);
  p.call(SYSCTL_GET_NAME);
  p.jumpIf('signedAtMost', 0, 0, 'pass');
  lookUp(p, maps.held, KEY);
  p.jumpIf('equal', 0, 0, 'pass');
  p.move(ENTRY, of(0));
}

/** Passes the writers of other network namespaces, and the guard itself. */
function leaveOtherNamespaces(p: Assembler, maps: ProgramMaps, offsets: KernelOffsets): void {
  p.store(8, STACK, INDEX, 0);
  lookUp(p, maps.config, INDEX);
  p.jumpIf('equal', 0, 0, 'pass');
  p.store(8, STACK, CONFIG_AT, of(0));

  p.call(GET_CURRENT_TASK);
  p.move(TASK, of(0));
  readKernel(p, FOUND, 8, [TASK, offsets.taskNsproxy]);
  p.load(8, 3, STACK, FOUND);
  p.jumpIf('equal', 3, 0, 'pass');
  readKernel(p, FOUND, 8, [3, offsets.nsproxyNet]);
  p.load(8, 3, STACK, FOUND);
  p.jumpIf('equal', 3, 0, 'pass');
  readKernel(p, FOUND, 4, [3, offsets.netInum]);
  p.load(4, 1, STACK, FOUND);
  p.load(8, 2, STACK, CONFIG_AT);
  p.load(4, 3, 2, CONFIG.netns);
  p.jumpIf('notEqual', 1, of(3), 'pass');

  readKernel(p, ROW + SEEN.pid, 4, [TASK, offsets.taskTgid]);
  p.load(4, 1, STACK, ROW + SEEN.pid);
  p.load(8, 2, STACK, CONFIG_AT);
  p.load(4, 3, 2, CONFIG.guard);
  p.jumpIf('equal', 1, of(3), 'pass');
}

/** WRITTEN and LENGTH; what is longer than the buffer has the buffer's length, which no value has that fits. */
function readValue(p: Assembler): void {
  p.move(1, of(CONTEXT));
  stackAddress(p, 2, WRITTEN);
  p.move(3, VALUE_BYTES);
  p.call(SYSCTL_GET_NEW_VALUE);
  p.move(LENGTH, of(0));
  p.jumpIf('notEqual', LENGTH, -E2BIG, 'measured');
  p.move(LENGTH, VALUE_BYTES);
  p.label('measured');
  p.jumpIf('signedAtMost', LENGTH, 0, 'pass');
  p.jumpIf('signedGreater', LENGTH, VALUE_BYTES, 'pass');
  p.store(4, STACK, ROW + SEEN.length, of(LENGTH));
}

/** Answers the write; the answer's number goes into the key. */
function answer(p: Assembler): void {
  const FLAGS: Register = 1;
  function give(which: Answer, label?: string): void {
    if (label !== undefined) p.label(label);
    p.store(8, STACK, KEY + SEEN.answer, ANSWERS.indexOf(which));
    p.jump('count');
  }

  give('same', 'same');

  p.label('different');
  p.call(KTIME_GET_NS);
  p.load(8, 2, STACK, CONFIG_AT);
  p.load(8, 3, 2, CONFIG.beat);
  // A heartbeat from the future counts as old: without a sign the difference is very large.
  p.arithmetic('subtract', 0, of(3));
  p.move(3, SILENCE_SECONDS);
  p.arithmetic('multiply', 3, 1_000_000_000);
  p.jumpIf('greater', 0, of(3), 'observe');
  p.load(4, FLAGS, 2, CONFIG.flags);
  jumpUnlessFlag(p, FLAGS, CONFIG_FLAGS.hold, 'observe');
  p.load(4, FLAGS, ENTRY, HELD.flags);
  jumpUnlessFlag(p, FLAGS, HELD_FLAGS.watched, 'replace');
  give('observed', 'observe');

  p.label('replace');
  p.load(4, FLAGS, 2, CONFIG.flags);
  jumpUnlessFlag(p, FLAGS, CONFIG_FLAGS.replaces, 'ignore');
  p.load(4, FLAGS, CONTEXT, FILE_POS);
  p.jumpIf('notEqual', FLAGS, 0, 'ignore');
  p.load(4, FLAGS, ENTRY, HELD.length);
  p.jumpIf('less', LENGTH, of(FLAGS), 'ignore');
  p.jumpIf('atLeast', LENGTH, VALUE_BYTES, 'ignore');
  // Twice: handlers before 5.19 read on to the end of a string, so a NUL must come after the bytes that count.
  clear(p, ZEROS, VALUE_BYTES);
  p.move(1, of(CONTEXT));
  stackAddress(p, 2, ZEROS);
  p.move(3, VALUE_BYTES);
  p.call(SYSCTL_SET_NEW_VALUE);
  p.move(1, of(CONTEXT));
  p.move(2, of(ENTRY));
  p.arithmetic('add', 2, HELD.replacement);
  p.move(3, of(LENGTH));
  p.call(SYSCTL_SET_NEW_VALUE);
  give('held', 'held');

  p.label('ignore');
  p.load(4, 2, CONTEXT, FILE_POS);
  p.load(4, FLAGS, ENTRY, HELD.flags);
  jumpUnlessFlag(p, FLAGS, HELD_FLAGS.ignorable, 'unanswered');
  p.move(1, FAR_AWAY);
  p.store(4, CONTEXT, FILE_POS, of(1));
  p.jump('held');

  p.label('unanswered');
  p.jumpIf('notEqual', 2, 0, 'offset');
  give('length');
  give('offset', 'offset');
}

/** Adds the write to its row of `seen`, made when it is the first, and says in `generation` that there is something new. */
function count(p: Assembler, maps: ProgramMaps, offsets: KernelOffsets): void {
  const ROW_AT: Register = 6;
  p.label('count');
  copy(p, [STACK, KEY + SEEN.own], [ENTRY, HELD.own], NAME_BYTES);
  readKernel(p, KEY + SEEN.comm, COMM_BYTES, [TASK, offsets.taskComm]);
  p.call(GET_CURRENT_CGROUP_ID);
  p.store(8, STACK, KEY + SEEN.cgroup, of(0));
  p.call(KTIME_GET_NS);
  p.store(8, STACK, ROW + SEEN.last, of(0));

  lookUp(p, maps.seen, KEY);
  p.jumpIf('notEqual', 0, 0, 'row');
  p.store(8, STACK, ROW + SEEN.count, 0);
  p.load(8, 1, STACK, ROW + SEEN.last);
  p.store(8, STACK, ROW + SEEN.born, of(1));
  p.map(1, maps.seen);
  stackAddress(p, 2, KEY);
  stackAddress(p, 3, ROW);
  p.move(4, BPF_NOEXIST);
  p.call(MAP_UPDATE);
  lookUp(p, maps.seen, KEY);
  // More writers than the map has room for.
  p.jumpIf('equal', 0, 0, 'pass');

  p.label('row');
  p.move(ROW_AT, of(0));
  p.move(1, 1);
  p.atomicAdd(ROW_AT, SEEN.count, 1);
  copy(p, [ROW_AT, SEEN.last], [STACK, ROW + SEEN.last], SEEN.bytes - SEEN.last);

  p.store(8, STACK, INDEX, 0);
  lookUp(p, maps.generation, INDEX);
  p.jumpIf('equal', 0, 0, 'pass');
  p.move(1, 1);
  p.atomicAdd(0, 0, 1);
}
