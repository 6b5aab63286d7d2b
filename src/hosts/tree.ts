import {
  closeSync,
  constants,
  type Dirent,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
} from 'node:fs';
import { inByteOrder } from './byte-order.ts';
import type { Entry, ListedFile } from './capture.ts';
import type { Failure } from './draft.ts';
import { codeOf, failureFor } from './system-errors.ts';

/** A node's file tree as this machine reaches it: its own, or one below a directory. */
export interface Tree {
  /** The real path of a node's path, or null for the same path. Throws the system's error where there is none. */
  readonly locate: ((path: string) => string) | null;
}

/** A file as read, and whether it counts as matched by a glob: `hidden` when not even that can be told. */
export interface FileAnswer {
  readonly entry: Entry;
  readonly matches: 'yes' | 'no' | 'hidden';
}

/** O_NONBLOCK: a FIFO or a device must not hold the reader, should one take the file's place after it was looked at. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
const CHUNK_BYTES = 64 * 1024;

/** Reads one regular file of at most `maxBytes`; text is UTF-8, where bytes that are not become U+FFFD. */
export function readText(tree: Tree, path: string, maxBytes: number): FileAnswer {
  let looked = false;
  try {
    const real = tree.locate ? tree.locate(path) : path;
    if (!statSync(real).isFile()) return notRegular(path);
    looked = true;
    const bytes = readBounded(real, maxBytes, tree.locate ? constants.O_NOFOLLOW : 0);
    if (bytes === 'not-regular') return notRegular(path);
    return bytes ? yes({ state: 'ok', text: bytes.toString('utf8') }) : yes(tooBig(path, maxBytes));
  } catch (error) {
    return unread(path, codeOf(error), looked);
  }
}

/** As `readText`, for one-line values: without the last newline, and quicker where every file is regular by nature. */
export function readValue(tree: Tree, path: string, maxBytes: number): FileAnswer {
  if (tree.locate || !path.startsWith('/proc/sys/')) return trimmed(readText(tree, path, maxBytes));
  try {
    return yes({ state: 'ok', text: withoutNewline(readFileSync(path, 'utf8')) });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EISDIR') return notRegular(path);
    return unread(path, code, code !== 'EACCES' || existsSync(path));
  }
}

function trimmed(answer: FileAnswer): FileAnswer {
  return answer.entry.state === 'ok' ? yes({ state: 'ok', text: withoutNewline(answer.entry.text) }) : answer;
}

/** Takes one newline off the end, as every setting's file has it. */
export function withoutNewline(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text;
}

export function tooBig(path: string, maxBytes: number): Failure {
  return { state: 'failed', detail: `${path}: larger than ${maxBytes} bytes` };
}

function yes(entry: Entry): FileAnswer {
  return { entry, matches: 'yes' };
}

function notRegular(path: string): FileAnswer {
  return { entry: { state: 'failed', detail: `${path}: not a regular file` }, matches: 'no' };
}

function unread(path: string, code: string, looked: boolean): FileAnswer {
  const entry = failureFor(path, code);
  if (entry.state === 'absent' || code === 'ELOOP') return { entry, matches: 'no' };
  return { entry, matches: looked ? 'yes' : 'hidden' };
}

function readBounded(real: string, maxBytes: number, flags: number): Buffer | 'not-regular' | null {
  const fd = openSync(real, OPEN_FLAGS | flags);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return 'not-regular';
    return stat.size > maxBytes ? null : readAll(fd, maxBytes);
  } finally {
    closeSync(fd);
  }
}

/** Sizes under /proc are 0 and files may grow: read to the end, or one byte beyond the bound. */
function readAll(fd: number, maxBytes: number): Buffer | null {
  const chunks: Buffer[] = [];
  for (let total = 0; total <= maxBytes; ) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, maxBytes + 1 - total));
    const count = readSync(fd, chunk);
    if (count === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, count));
    total += count;
  }
  return null;
}

/** A directory's entries in byte order, or why it cannot be listed. */
export function listDirectory(tree: Tree, path: string): readonly ListedFile[] | Failure {
  try {
    const real = tree.locate ? tree.locate(path) : path;
    const byName = new Map(readdirSync(real, { withFileTypes: true }).map((entry) => [entry.name, entry]));
    return inByteOrder([...byName.keys()]).flatMap((name) => {
      const entry = byName.get(name);
      return entry ? [listed(real, entry)] : [];
    });
  } catch (error) {
    return failureFor(path, codeOf(error));
  }
}

function listed(directory: string, entry: Dirent): ListedFile {
  if (entry.isSymbolicLink())
    return { name: entry.name, type: 'link', target: readlinkSync(`${directory}/${entry.name}`) };
  if (entry.isDirectory()) return { name: entry.name, type: 'directory' };
  return { name: entry.name, type: entry.isFile() ? 'file' : 'other' };
}
