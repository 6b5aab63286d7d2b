import {
  accessSync,
  chownSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { UnknownReason } from '../hosts/reading.ts';
import type { Input } from '../lint/sight.ts';
import { decode } from '../manifests/decode.ts';
import { UsageError } from './usage.ts';

/** What standard input is called in findings. */
export const STANDARD_INPUT = '<stdin>';

/** No file of manifests is larger; a device has no end. */
const LARGEST_FILE = 64 * 1024 * 1024;
const BLOCK = 1 << 20;

const MANIFEST = /\.(ya?ml|json)$/i;

/** What is named, read one after the other; a directory's files by name. What is named and cannot be read is wrong usage. */
export function* inputsFrom(names: readonly string[], standardInput: Uint8Array | undefined): Generator<Input> {
  const visited: Visited = { files: new Set(), directories: new Set() };
  for (const name of names) {
    if (name === '-') {
      if (standardInput) yield { name: STANDARD_INPUT, bytes: standardInput };
      continue;
    }
    if (statOf(name).isDirectory()) yield* directory(name, visited);
    else if (isNew(visited.files, name)) yield readNamed(name);
  }
}

function statOf(name: string): Stats {
  try {
    return statSync(name);
  } catch (error) {
    throw new UsageError(`cannot read ${name}: ${whyOf(error).detail}`);
  }
}

function isNew(seen: Set<string>, name: string): boolean {
  const path = resolve(name);
  if (seen.has(path)) return false;
  seen.add(path);
  return true;
}

function readNamed(name: string): Input {
  const input = readInput(name);
  if ('unread' in input && input.unread.reason !== 'not-collected') {
    throw new UsageError(`cannot read ${name}: ${input.unread.detail}`);
  }
  return input;
}

/**
 * Manifests below a directory: *.yaml, *.yml and those *.json that speak of an apiVersion. Links are followed once; what is hidden
 * and node_modules is not looked into.
 */
function* directory(path: string, visited: Visited): Generator<Input> {
  try {
    const real = realpathSync(path);
    if (visited.directories.has(real)) return;
    visited.directories.add(real);
    const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const one of entries) {
      if (one.name.startsWith('.') || one.name === 'node_modules') continue;
      yield* entry(join(path, one.name), one.isFile(), visited);
    }
  } catch (error) {
    if (error instanceof UsageError || !isSystemError(error)) throw error;
    yield { name: path, unread: whyOf(error) };
  }
}

interface Visited {
  /** Files by path, so that one named twice is read once. */
  readonly files: Set<string>;
  /** Directories by what links lead to, so that a circle of them ends. */
  readonly directories: Set<string>;
}

function* entry(path: string, isFile: boolean, visited: Visited): Generator<Input> {
  const kind = isFile ? 'file' : kindOf(path);
  if (kind === 'directory') {
    yield* directory(path, visited);
    return;
  }
  if (!MANIFEST.test(path) || kind === 'other' || !isNew(visited.files, path)) return;
  const input = readInput(path);
  if ('bytes' in input && /\.json$/i.test(path) && !Buffer.from(input.bytes).includes('"apiVersion"')) return;
  yield input;
}

/** What a link leads to; where it leads nowhere, reading it will say so. */
function kindOf(path: string): 'file' | 'directory' | 'other' {
  try {
    const stat = statSync(path);
    return stat.isDirectory() ? 'directory' : stat.isFile() ? 'file' : 'other';
  } catch {
    return 'file';
  }
}

function readInput(name: string): Input {
  try {
    const bytes = readWhole(name);
    if (bytes) return { name, bytes };
    return { name, unread: { reason: 'not-collected', detail: `larger than ${LARGEST_FILE / 1024 / 1024} MiB` } };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return { name, unread: whyOf(error) };
  }
}

/** Undefined where it does not end within what is read. A pipe (`<(helm template .)`) is read to its end. */
function readWhole(name: string): Uint8Array | undefined {
  const fd = openSync(name, 'r');
  try {
    const blocks: Uint8Array[] = [];
    // A regular file fits into the first block, with a byte to spare by which its end is seen.
    let size = Math.min(BLOCK, fstatSync(fd).size + 1);
    for (let total = 0; total <= LARGEST_FILE; size = BLOCK) {
      const block = Buffer.allocUnsafe(size);
      const length = fill(fd, block);
      blocks.push(block.subarray(0, length));
      total += length;
      if (length < size) return blocks.length === 1 ? blocks[0] : Buffer.concat(blocks, total);
    }
    return undefined;
  } finally {
    closeSync(fd);
  }
}

/** Reads until a block is full or the file ends; returns how much it read. */
function fill(fd: number, block: Uint8Array): number {
  let at = 0;
  while (at < block.length) {
    const length = readSync(fd, block, at, block.length - at, null);
    if (length === 0) break;
    at += length;
  }
  return at;
}

/** Standard input to its end. */
export async function readStandardInput(): Promise<Uint8Array> {
  const blocks: Uint8Array[] = [];
  let size = 0;
  for await (const block of process.stdin as AsyncIterable<Uint8Array>) {
    blocks.push(block);
    size += block.length;
    if (size > LARGEST_FILE) {
      throw new UsageError(`standard input is larger than ${LARGEST_FILE / 1024 / 1024} MiB`);
    }
  }
  return Buffer.concat(blocks, size);
}

const WORDS: Readonly<Record<string, { readonly reason: UnknownReason; readonly detail: string }>> = {
  ENOENT: { reason: 'absent', detail: 'no such file or directory' },
  EACCES: { reason: 'denied', detail: 'permission denied' },
  EPERM: { reason: 'denied', detail: 'operation not permitted' },
  ELOOP: { reason: 'failed', detail: 'a symbolic link that leads to itself' },
};

function whyOf(error: unknown): { readonly reason: UnknownReason; readonly detail: string } {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return WORDS[code] ?? { reason: 'failed', detail: message.replace(/^[A-Z]+: /, '') };
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string';
}

/**
 * Puts another text in a file's place, at once and whole: it is written beside it and renamed. Mode and, where allowed, owner are
 * kept; a symbolic link stays one. Returns why it could not, which leaves the file as it was: not writable, or changed since
 * it was judged.
 */
export function replaceFile(name: string, before: string, after: string): string | undefined {
  let beside: string | undefined;
  try {
    const path = realpathSync(name);
    const { mode, uid, gid } = statSync(path);
    accessSync(path, constants.W_OK);
    const bytes = readWhole(path);
    const now = bytes && decode(bytes);
    if (now?.kind !== 'text' || now.text !== before) return 'it was changed meanwhile';
    beside = join(dirname(path), `.${basename(path)}.hayward-${process.pid}`);
    const fd = openSync(beside, 'wx', mode & 0o7777);
    try {
      writeSync(fd, (now.bom ? '\ufeff' : '') + after);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    keepOwner(beside, uid, gid);
    renameSync(beside, path);
    return undefined;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (beside !== undefined) rmSync(beside, { force: true });
    return whyOf(error).detail;
  }
}

function keepOwner(path: string, uid: number, gid: number): void {
  const own = statSync(path);
  if (own.uid === uid && own.gid === gid) return;
  try {
    chownSync(path, uid, gid);
  } catch {
    // Only root gives files away; the writer's own copy is what every editor would leave.
  }
}
