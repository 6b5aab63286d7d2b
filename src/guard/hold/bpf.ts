import { closeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';
import { known, type Reading, unknown } from '../../hosts/reading.ts';

/** bpf(2) as far as the hold needs it. Numbers and structures are those of linux/bpf.h, append-only by rule. */

/** A refusal by bpf(2), mount(2) or umount2(2). */
export class BpfError extends Error {
  override readonly name = 'BpfError';
  readonly call: string;
  /** The errno's name. */
  readonly code: string;

  constructor(call: string, code: string, detail = '') {
    super(`${call}: ${code}${detail && ` (${detail})`}`);
    this.call = call;
    this.code = code;
  }
}

export interface MapShape {
  readonly type: 'hash' | 'array';
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly entries: number;
}

export interface LinkInfo {
  readonly program: number;
  /** Inode number of the cgroup; 0 once the link is detached or the cgroup gone. */
  readonly cgroup: bigint;
}

export interface Attached {
  readonly id: number;
  readonly name: string;
}

/** Every call throws a BpfError when the kernel refuses, but for what is said of it. */
export interface Bpf {
  createMap(name: string, shape: MapShape): number;
  /** undefined where there is no such key. */
  lookup(map: number, key: Uint8Array, valueBytes: number): Buffer | undefined;
  update(map: number, key: Uint8Array, value: Uint8Array): void;
  /** Also when there was none. */
  remove(map: number, key: Uint8Array): void;
  /** Each key that was there from beginning to end, at least; at most `limit`, since a map that changes may go round. */
  keys(map: number, keyBytes: number, limit: number): readonly Buffer[];
  shapeOf(map: number): MapShape | undefined;
  /** A cgroup/sysctl program. Where the verifier refuses it, the last of its words are in the error. */
  load(name: string, instructions: Uint8Array): number;
  /** Attaches beside what is attached already (BPF_F_ALLOW_MULTI, which links always have). */
  link(program: number, cgroup: number): number;
  /** The link's program is another from the next write on, in one step. */
  replace(link: number, program: number): void;
  detach(link: number): void;
  linkInfo(link: number): LinkInfo | undefined;
  programId(program: number): number;
  /** cgroup/sysctl programs attached to this cgroup itself, or all those that tasks in it run through. */
  attached(cgroup: number, which?: 'own' | 'effective'): readonly Attached[];
  pin(descriptor: number, path: string): void;
  /** undefined where there is none. */
  pinned(path: string): number | undefined;
  mount(type: string, directory: string): void;
  unmount(directory: string): void;
  /** CLOCK_MONOTONIC, as bpf_ktime_get_ns counts it. */
  now(): bigint;
}

const [MAP_CREATE, LOOKUP, UPDATE, DELETE, NEXT_KEY, PROG_LOAD, OBJ_PIN, OBJ_GET] = [0, 1, 2, 3, 4, 5, 6, 7];
const [PROG_FD_BY_ID, INFO_BY_FD, PROG_QUERY] = [13, 15, 16];
const [LINK_CREATE, LINK_UPDATE, LINK_DETACH] = [28, 29, 34];
const CALLS: Readonly<Record<number, string>> = {
  [MAP_CREATE]: 'BPF_MAP_CREATE',
  [LOOKUP]: 'BPF_MAP_LOOKUP_ELEM',
  [UPDATE]: 'BPF_MAP_UPDATE_ELEM',
  [DELETE]: 'BPF_MAP_DELETE_ELEM',
  [NEXT_KEY]: 'BPF_MAP_GET_NEXT_KEY',
  [PROG_LOAD]: 'BPF_PROG_LOAD',
  [OBJ_PIN]: 'BPF_OBJ_PIN',
  [OBJ_GET]: 'BPF_OBJ_GET',
  [PROG_FD_BY_ID]: 'BPF_PROG_GET_FD_BY_ID',
  [INFO_BY_FD]: 'BPF_OBJ_GET_INFO_BY_FD',
  [PROG_QUERY]: 'BPF_PROG_QUERY',
  [LINK_CREATE]: 'BPF_LINK_CREATE',
  [LINK_UPDATE]: 'BPF_LINK_UPDATE',
  [LINK_DETACH]: 'BPF_LINK_DETACH',
};
const MAP_TYPES = { hash: 1, array: 2 } as const;
const PROG_TYPE_CGROUP_SYSCTL = 23;
const ATTACH_CGROUP_SYSCTL = 18;
const LINK_TYPE_CGROUP = 3;
const QUERY_EFFECTIVE = 1;
const INSTRUCTION_BYTES = 8;
const NAME_BYTES = 16;
/** Programs on one cgroup; the kernel allows 64 (BPF_CGROUP_MAX_PROGS). */
const MOST_PROGRAMS = 64;
const LOG_BYTES = 1 << 18;
/** Little-endian, 64 bits: what Kubernetes nodes are. Others would need another assembler. */
const SYS_BPF: Readonly<Record<string, number>> = { x64: 321, arm64: 280, riscv64: 280, loong64: 280 };
/** bpf_probe_read_kernel may be called only by a program that says so. */
const LICENSE = 'GPL';

/** One call's structure, then the strings and buffers it points to, in memory that never moves. */
const ARENA_BYTES = LOG_BYTES + (1 << 17);
const DATA_AT = 256;
const OUT_AT = 1 << 17;

type Foreign = (...args: unknown[]) => number | bigint;

interface Libc {
  readonly arena: Buffer;
  readonly address: bigint;
  readonly syscall: Foreign;
  readonly mount: Foreign;
  readonly umount: Foreign;
  errorName(): string;
}

let loaded: Reading<Libc> | undefined;

/** Unknown on another architecture, or where the foreign-function library does not load. */
export function loadBpf(): Reading<Bpf> {
  const number = SYS_BPF[process.arch];
  if (number === undefined) return unknown('failed', 'bpf(2)', `not done on ${process.arch}`);
  loaded ??= loadLibc();
  return loaded.known ? known(bpf(loaded.value, number), 'bpf(2)') : loaded;
}

/** Loaded on first use: most commands need no BPF. */
function loadLibc(): Reading<Libc> {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const lib = koffi.load(null);
    const pointer = koffi.alloc('uint8_t', ARENA_BYTES);
    return known(
      {
        arena: Buffer.from(koffi.view(pointer, ARENA_BYTES)),
        address: koffi.address(pointer),
        syscall: lib.func('intptr_t syscall(long, int, uintptr_t, uint32_t)'),
        mount: lib.func('int mount(const char *, const char *, const char *, unsigned long, const char *)'),
        umount: lib.func('int umount2(const char *, int)'),
        errorName: () => getSystemErrorName(-koffi.errno()),
      },
      'koffi',
    );
  } catch (cause) {
    return unknown('failed', 'bpf(2)', `the library koffi does not load here: ${String(cause)}`);
  }
}

/** Fields of `union bpf_attr`: offset, then 4 bytes, or 8 of a bigint. */
type Attributes = Readonly<Record<number, number | bigint>>;

function bpf({ arena, address, ...libc }: Libc, number: number): Bpf {
  const at = (offset: number): bigint => address + BigInt(offset);
  const out = (bytes: number): Buffer => Buffer.from(arena.subarray(OUT_AT, OUT_AT + bytes));

  function attempt(command: number, attributes: Attributes): number | string {
    arena.fill(0, 0, DATA_AT);
    for (const [offset, value] of Object.entries(attributes)) {
      if (typeof value === 'bigint') arena.writeBigUInt64LE(value, Number(offset));
      else arena.writeUInt32LE(value, Number(offset));
    }
    // The longest structure used here is BPF_PROG_LOAD's up to expected_attach_type; zeros after it are allowed.
    const result = Number(libc.syscall(number, command, address, 72));
    return result < 0 ? libc.errorName() : result;
  }
  function call(command: number, attributes: Attributes, detail?: () => string): number {
    const result = attempt(command, attributes);
    if (typeof result === 'number') return result;
    throw new BpfError(`bpf(${CALLS[command]})`, result, detail?.());
  }
  /** Puts bytes into the arena, one after the other; gives their addresses. */
  function put(...parts: readonly Uint8Array[]): bigint[] {
    let next = DATA_AT;
    return parts.map((part) => {
      arena.set(part, next);
      const place = at(next);
      next += (part.length + 7) & ~7;
      if (next > OUT_AT) throw new RangeError('more than a call to bpf(2) has room for');
      return place;
    });
  }
  function info(descriptor: number, bytes: number): Buffer {
    arena.fill(0, OUT_AT, OUT_AT + bytes);
    call(INFO_BY_FD, { 0: descriptor, 4: bytes, 8: at(OUT_AT) });
    return out(bytes);
  }
  function nameOf(program: number): string {
    const descriptor = attempt(PROG_FD_BY_ID, { 0: program });
    if (typeof descriptor === 'string') return '';
    const bytes = info(descriptor, 80).subarray(64, 64 + NAME_BYTES);
    closeSync(descriptor);
    return bytes.toString().replace(/\0.*/s, '');
  }
  function named(name: string, offset: number): Attributes {
    const bytes = Buffer.alloc(NAME_BYTES);
    bytes.write(name, 0, NAME_BYTES - 1);
    return { [offset]: bytes.readBigUInt64LE(0), [offset + 8]: bytes.readBigUInt64LE(8) };
  }

  return {
    createMap: (name, { type, keyBytes, valueBytes, entries }) =>
      call(MAP_CREATE, { 0: MAP_TYPES[type], 4: keyBytes, 8: valueBytes, 12: entries, ...named(name, 28) }),
    lookup(map, key, valueBytes) {
      const [keyAt = 0n] = put(key);
      const result = attempt(LOOKUP, { 0: map, 8: keyAt, 16: at(OUT_AT) });
      if (result === 'ENOENT') return undefined;
      if (typeof result === 'string') throw new BpfError('bpf(BPF_MAP_LOOKUP_ELEM)', result);
      return out(valueBytes);
    },
    update(map, key, value) {
      const [keyAt = 0n, valueAt = 0n] = put(key, value);
      call(UPDATE, { 0: map, 8: keyAt, 16: valueAt });
    },
    remove(map, key) {
      const [keyAt = 0n] = put(key);
      const result = attempt(DELETE, { 0: map, 8: keyAt });
      if (typeof result === 'string' && result !== 'ENOENT') throw new BpfError('bpf(BPF_MAP_DELETE_ELEM)', result);
    },
    keys(map, keyBytes, limit) {
      const found: Buffer[] = [];
      for (let last: Buffer | undefined; found.length < limit; found.push(last)) {
        const keyAt = last === undefined ? 0n : put(last)[0];
        const result = attempt(NEXT_KEY, { 0: map, 8: keyAt ?? 0n, 16: at(OUT_AT) });
        if (result === 'ENOENT') break;
        if (typeof result === 'string') throw new BpfError('bpf(BPF_MAP_GET_NEXT_KEY)', result);
        last = out(keyBytes);
      }
      return found;
    },
    shapeOf(map) {
      const bytes = info(map, 24);
      const type = ([...Object.entries(MAP_TYPES)] as [MapShape['type'], number][]).find(
        ([, value]) => value === bytes.readUInt32LE(0),
      )?.[0];
      if (type === undefined) return undefined;
      const [keyBytes, valueBytes, entries] = [bytes.readUInt32LE(8), bytes.readUInt32LE(12), bytes.readUInt32LE(16)];
      return { type, keyBytes, valueBytes, entries };
    },
    load(name, instructions) {
      const attributes = (): Attributes => {
        const [codeAt = 0n, licenseAt = 0n] = put(instructions, Buffer.from(`${LICENSE}\0`));
        const count = instructions.length / INSTRUCTION_BYTES;
        const base = { 0: PROG_TYPE_CGROUP_SYSCTL, 4: count, 8: codeAt, 16: licenseAt, 68: ATTACH_CGROUP_SYSCTL };
        return { ...base, ...named(name, 48) };
      };
      const result = attempt(PROG_LOAD, attributes());
      if (typeof result === 'number') return result;
      // Once more, for the verifier's words; without them the first time, since they cost.
      arena.fill(0, OUT_AT, OUT_AT + LOG_BYTES);
      return call(PROG_LOAD, { ...attributes(), 24: 1, 28: LOG_BYTES, 32: at(OUT_AT) }, () =>
        lastLines(out(LOG_BYTES)),
      );
    },
    link: (program, cgroup) => call(LINK_CREATE, { 0: program, 4: cgroup, 8: ATTACH_CGROUP_SYSCTL }),
    replace: (link, program) => void call(LINK_UPDATE, { 0: link, 4: program }),
    detach: (link) => void call(LINK_DETACH, { 0: link }),
    linkInfo(link) {
      const bytes = info(link, 32);
      if (bytes.readUInt32LE(0) !== LINK_TYPE_CGROUP || bytes.readUInt32LE(24) !== ATTACH_CGROUP_SYSCTL)
        return undefined;
      return { program: bytes.readUInt32LE(8), cgroup: bytes.readBigUInt64LE(16) };
    },
    programId: (program) => info(program, 8).readUInt32LE(4),
    attached(cgroup, which = 'own') {
      const flags = which === 'effective' ? QUERY_EFFECTIVE : 0;
      call(PROG_QUERY, { 0: cgroup, 4: ATTACH_CGROUP_SYSCTL, 8: flags, 16: at(OUT_AT), 24: MOST_PROGRAMS });
      const ids = out(4 * arena.readUInt32LE(24));
      return Array.from({ length: ids.length / 4 }, (_, index) => ids.readUInt32LE(4 * index)).map((id) => ({
        id,
        name: nameOf(id),
      }));
    },
    pin(descriptor, path) {
      const [pathAt = 0n] = put(Buffer.from(`${path}\0`));
      call(OBJ_PIN, { 0: pathAt, 8: descriptor }, () => path);
    },
    pinned(path) {
      const [pathAt = 0n] = put(Buffer.from(`${path}\0`));
      const result = attempt(OBJ_GET, { 0: pathAt });
      if (typeof result === 'number') return result;
      if (result === 'ENOENT') return undefined;
      throw new BpfError('bpf(BPF_OBJ_GET)', result, path);
    },
    mount(type, directory) {
      if (Number(libc.mount(type, directory, type, 0, null)) < 0)
        throw new BpfError(`mount -t ${type} ${directory}`, libc.errorName());
    },
    unmount(directory) {
      if (Number(libc.umount(directory, 0)) < 0) throw new BpfError(`umount ${directory}`, libc.errorName());
    },
    now: () => process.hrtime.bigint(),
  };
}

function lastLines(log: Buffer): string {
  const lines = log
    .toString('utf8', 0, Math.max(0, log.indexOf(0)))
    .trim()
    .split('\n');
  return lines
    .filter((line) => !line.startsWith('processed '))
    .slice(-3)
    .join(' | ')
    .slice(-500);
}
