import type { Attachment } from './attach.ts';
import type { Bpf } from './bpf.ts';
import { cgroupPaths } from './cgroups.ts';
import { entriesFor } from './entries.ts';
import type { Hold, HoldOptions, SeenWrites } from './hold.ts';
import { ANSWERS, type Config, configBytes, HELD, nameBytes, SEEN, TOLD, textOf, VALUE_BYTES } from './layout.ts';
import { ONLY } from './maps.ts';
import { isIgnorable } from './trial.ts';

export interface Running {
  readonly bpf: Bpf;
  readonly attachment: Attachment;
  readonly config: Config;
  /** Where the cgroup v2 hierarchy is mounted. */
  readonly mount: string;
  readonly options: HoldOptions;
}

/** Rows of writers that have written nothing for so long are forgotten, once told. */
const FORGOTTEN_AFTER_NS = 600n * 1_000_000_000n;

/** The hold of an attached program. Its methods throw a BpfError only where the kernel fails at what worked before. */
export function runHold({ bpf, attachment, config, mount, options }: Running): Hold {
  const { maps } = attachment;
  const pathsOf = cgroupPaths(mount, options.cgroup);
  let current = config;
  let generation: Buffer | undefined;
  /** Tried once, and again when the wanted value is another. */
  const ignorable = new Map<string, boolean>();

  function configure(change: Partial<Config>): void {
    current = { ...current, ...change };
    bpf.update(maps.config, ONLY, configBytes(current));
  }
  function mayBeIgnored(key: string, value: string): boolean {
    const name = `${key}=${value}`;
    const tried = ignorable.get(name) ?? isIgnorable(key, value);
    ignorable.set(name, tried);
    return tried;
  }

  return {
    set(demands) {
      const { entries, held, refused } = entriesFor(demands, { replaces: current.replaces, mayBeIgnored });
      for (const key of bpf.keys(maps.held, HELD.key, HELD.entries))
        if (!entries.has(textOf(key))) bpf.remove(maps.held, key);
      for (const [name, bytes] of entries) {
        const key = nameBytes(name);
        if (key !== undefined && !bpf.lookup(maps.held, key, HELD.bytes)?.equals(bytes))
          bpf.update(maps.held, key, bytes);
      }
      attachment.finish();
      return { held, refused };
    },
    mode: (how) => configure({ hold: how === 'hold' }),
    beat: () => configure({ beat: bpf.now() }),
    seen() {
      const now = bpf.lookup(maps.generation, ONLY, 8);
      if (now === undefined || generation?.equals(now)) return [];
      generation = now;
      return newWrites();
    },
    standing: () => attachment.standing(),
    pinned: () => attachment.pinned(),
    close: () => attachment.close(),
  };

  function newWrites(): readonly SeenWrites[] {
    const [wall, monotonic] = [options.now().getTime(), bpf.now()];
    const rows = bpf.keys(maps.seen, SEEN.key, SEEN.entries).flatMap((key) => {
      const row = bpf.lookup(maps.seen, key, SEEN.bytes);
      return row === undefined ? [] : [{ key, row }];
    });
    const paths = pathsOf(new Set(rows.map(({ key }) => key.readBigUInt64LE(SEEN.cgroup))));
    return rows.flatMap(({ key, row }) => {
      const times = tell(key, row);
      const ago = monotonic - row.readBigUInt64LE(SEEN.last);
      if (times === 0) {
        if (ago > FORGOTTEN_AFTER_NS) forget(key);
        return [];
      }
      const at = new Date(wall - Number(ago / 1_000_000n)).toISOString();
      return [
        {
          key: textOf(key.subarray(SEEN.own, SEEN.comm)),
          written: writtenIn(row),
          writer: {
            comm: textOf(key.subarray(SEEN.comm, SEEN.cgroup)),
            cgroup: paths.get(key.readBigUInt64LE(SEEN.cgroup)) ?? 'unknown',
            pid: row.readUInt32LE(SEEN.pid),
            at,
          },
          times,
          answer: ANSWERS[key.readUInt32LE(SEEN.answer)] ?? 'observed',
        },
      ];
    });
  }

  /** How many are new in this row, and remembers that they were told. */
  function tell(key: Buffer, row: Buffer): number {
    const [count, born] = [row.readBigUInt64LE(SEEN.count), row.readBigUInt64LE(SEEN.born)];
    const told = bpf.lookup(maps.told, key, TOLD.bytes);
    const before = told?.readBigUInt64LE(TOLD.born) === born ? told.readBigUInt64LE(TOLD.count) : 0n;
    if (count === before) return 0;
    const bytes = Buffer.alloc(TOLD.bytes);
    bytes.writeBigUInt64LE(count, TOLD.count);
    bytes.writeBigUInt64LE(born, TOLD.born);
    bpf.update(maps.told, key, bytes);
    return Number(count - before);
  }

  function forget(key: Buffer): void {
    bpf.remove(maps.seen, key);
    bpf.remove(maps.told, key);
  }
}

/** Without its newline; only the beginning of what is longer than the program's buffer. */
function writtenIn(row: Buffer): string {
  const length = Math.min(row.readUInt32LE(SEEN.length), VALUE_BYTES - 1);
  return row.toString('utf8', SEEN.written, SEEN.written + length).replace(/\n$/, '');
}
