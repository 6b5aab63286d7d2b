import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { codeOf } from '../../hosts/system-errors.ts';
import type { Bpf } from './bpf.ts';
import { ANSWERS, configBytes, HELD, heldBytes, nameBytes, SEEN, textOf } from './layout.ts';
import { closeMaps, createMaps, ONLY } from './maps.ts';
import { buildProgram, type KernelOffsets } from './program.ts';

/**
 * What cannot be asked of a kernel is tried, on this process alone: the whole program, in maps of its own, attached for
 * a moment to the process's own cgroup, has to answer a write that the setting itself would refuse.
 */

/** In every network namespace; the same value written again has no effect. */
const SUBJECT = 'net/ipv4/ip_default_ttl';

export interface Trial {
  /** Whether bpf_sysctl_set_new_value has an effect; see program.ts. */
  readonly replaces: boolean;
  /** This process in the first process namespace. */
  readonly pid: number;
}

/** Throws a BpfError or a system error where something is refused, an Error where the program does not see the write. */
export function tryProgram(bpf: Bpf, offsets: KernelOffsets, cgroup: string): Trial {
  const value = readFileSync(`/proc/sys/${SUBJECT}`, 'latin1').trim();
  const maps = createMaps(bpf);
  const opened: number[] = [];
  const keep = (descriptor: number): number => {
    opened.push(descriptor);
    return descriptor;
  };
  try {
    const netns = statSync('/proc/self/ns/net').ino;
    const key = nameBytes(SUBJECT) ?? Buffer.alloc(HELD.key);
    bpf.update(maps.held, key, heldBytes({ own: SUBJECT, value, watched: false, ignorable: false }));
    bpf.update(maps.config, ONLY, configBytes({ beat: bpf.now(), netns, guard: 0, hold: true, replaces: true }));
    const program = keep(bpf.load('hayward_trial', buildProgram(maps, offsets)));
    keep(bpf.link(program, keep(openSync(cgroup, 'r'))));
    const replaces = isTaken(SUBJECT, value.length, 0);
    const row = bpf.keys(maps.seen, SEEN.key, SEEN.entries).find(isOurs);
    const seen = row && bpf.lookup(maps.seen, row, SEEN.bytes);
    if (seen === undefined) throw new Error('the program, on trial, did not see a write of this process');
    return { replaces, pid: seen.readUInt32LE(SEEN.pid) };
  } finally {
    for (const descriptor of opened.reverse()) closeSync(descriptor);
    closeMaps(maps);
  }
}

/** Another process may write the same setting at this moment. */
function isOurs(row: Buffer): boolean {
  const comm = readFileSync('/proc/thread-self/comm', 'utf8').trim();
  return (
    textOf(row.subarray(SEEN.comm, SEEN.cgroup)) === comm && row.readUInt32LE(SEEN.answer) === ANSWERS.indexOf('held')
  );
}

const FAR_AWAY = 1 << 20;

/**
 * Whether a write to this number that is sent elsewhere than to its beginning would be accepted and change nothing: what
 * is sent is no number, so a handler that minds it refuses it. A setting that is not there yet counts as one of the
 * many whose handler is proc_dointvec or its like.
 */
export function isIgnorable(key: string, value: string): boolean {
  if (!/^-?\d+(\s+-?\d+)*$/.test(value)) return false;
  try {
    return isTaken(key, 1, FAR_AWAY);
  } catch (error) {
    return codeOf(error) === 'ENOENT';
  }
}

function isTaken(key: string, length: number, position: number): boolean {
  const file = openSync(`/proc/sys/${key}`, 'r+');
  try {
    writeSync(file, Buffer.alloc(length, '?'), 0, length, position);
    return true;
  } catch {
    return false;
  } finally {
    closeSync(file);
  }
}
