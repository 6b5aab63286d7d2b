import { closeSync, constants, openSync, readSync, statSync, writeSync } from 'node:fs';
import { known, type Reading, unknown } from '../../hosts/reading.ts';
import { codeOf, failureFor, wordsFor } from '../../hosts/system-errors.ts';
import type { RepairOutcome } from '../keep/kept-key.ts';

/**
 * Settings read again and again. Each file is opened once and read by pread(2) at its beginning, which the kernel
 * answers with the value of that moment; as long as the bytes are the same, the same reading is given back and nothing
 * is parsed. Everything happens in the thread that calls, so that the settings are those of its network namespace.
 */
export interface SettingsWatch {
  /** The value without its newline, and otherwise as the kernel prints it. `key` in slashes, below the root. */
  read(key: string): Reading<string>;
  /** One write(2) of the value and a newline: several would each be a value of its own to the kernel. */
  write(key: string, value: string): RepairOutcome;
  /** Closes all files; the next reads open them anew. After links changed, and where anything may have been missed. */
  reopen(): void;
  /** Closes the files of keys that are not among these. */
  keep(keys: Iterable<string>): void;
  close(): void;
}

export interface SettingsOptions {
  /** Where the settings are: /proc/sys unless a node's is mounted elsewhere. */
  readonly root?: string;
}

interface Watched {
  readonly path: string;
  fd: number | undefined;
  bytes: Buffer | undefined;
  reading: Reading<string>;
  /** Reads until a file that we may not open is tried again. */
  restReads: number;
}

/** Values are at most a page long, except bitmaps such as ip_local_reserved_ports. */
const FIRST_BUFFER = 4096;
const LARGEST_VALUE = 1 << 20;
/** An exception costs some fifty times a read: at ten reads a second, what is denied is tried once a second. */
const REST_READS = 10;

export function watchSettings({ root = '/proc/sys' }: SettingsOptions = {}): SettingsWatch {
  const all = new Map<string, Watched>();
  let buffer = Buffer.allocUnsafe(FIRST_BUFFER);

  function watched(key: string): Watched {
    const found = all.get(key);
    if (found) return found;
    const path = `${root}/${key}`;
    const fresh = { path, fd: undefined, bytes: undefined, reading: absent(path), restReads: 0 };
    all.set(key, fresh);
    return fresh;
  }

  /** The number of bytes at the beginning of `buffer`. Throws what the system answers. */
  function load(fd: number): number {
    for (;;) {
      const length = readSync(fd, buffer, 0, buffer.length, 0);
      if (length < buffer.length || buffer.length >= LARGEST_VALUE) return length;
      buffer = Buffer.allocUnsafe(buffer.length * 2);
    }
  }

  function readOpen(one: Watched, fd: number): Reading<string> {
    const length = load(fd);
    const { bytes } = one;
    if (bytes !== undefined && bytes.length === length && buffer.compare(bytes, 0, length, 0, length) === 0)
      return one.reading;
    one.bytes = Buffer.from(buffer.subarray(0, length));
    one.reading = known(one.bytes.toString('utf8').replace(/\n$/, ''), one.path);
    return one.reading;
  }

  function readFresh(one: Watched): Reading<string> {
    if (one.restReads > 0) {
      one.restReads -= 1;
      return one.reading;
    }
    try {
      // Most of what is missing stays missing: stat can say so without an exception.
      if (statSync(one.path, { throwIfNoEntry: false }) === undefined) return fails(one, 'ENOENT');
      one.fd = openSync(one.path, constants.O_RDONLY | constants.O_NONBLOCK);
      return readOpen(one, one.fd);
    } catch (error) {
      return fails(one, codeOf(error));
    }
  }

  function fails(one: Watched, code: string): Reading<string> {
    forget(one);
    if (code !== 'ENOENT') one.restReads = REST_READS;
    const { state, detail } = failureFor(one.path, code);
    if (one.reading.known || one.reading.detail !== detail) one.reading = unknown(state, one.path, detail);
    return one.reading;
  }

  return {
    read(key) {
      const one = watched(key);
      if (one.fd === undefined) return readFresh(one);
      try {
        return readOpen(one, one.fd);
      } catch {
        // An interface that was made anew, a module loaded anew: the old file answers ENOENT for ever.
        forget(one);
        return readFresh(one);
      }
    },
    write(key, value) {
      const { path } = watched(key);
      try {
        const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
        try {
          writeSync(fd, `${value}\n`);
        } finally {
          closeSync(fd);
        }
        return { ok: true };
      } catch (error) {
        const code = codeOf(error);
        return { ok: false, why: `${path}: ${wordsFor(code)} (${code})` };
      }
    },
    reopen() {
      for (const one of all.values()) {
        forget(one);
        one.restReads = 0;
      }
    },
    keep(keys) {
      const wanted = new Set(keys);
      for (const [key, one] of all) {
        if (wanted.has(key)) continue;
        forget(one);
        all.delete(key);
      }
    },
    close() {
      for (const one of all.values()) forget(one);
      all.clear();
    },
  };
}

function forget(one: Watched): void {
  if (one.fd !== undefined) closeSync(one.fd);
  one.fd = undefined;
  one.bytes = undefined;
}

function absent(path: string): Reading<string> {
  return unknown('absent', path, failureFor(path, 'ENOENT').detail);
}
