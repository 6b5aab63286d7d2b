import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { Readable, Transform, type TransformCallback } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { findProgram } from '../hosts/programs.ts';
import { codeOf, wordsFor } from '../hosts/system-errors.ts';
import type { Archive, Visit } from './archive.ts';
import { fileSource, streamSource } from './byte-source.ts';
import { walkDirectory } from './directory-read.ts';
import { LIMITS, refuseBomb } from './limits.ts';
import { walkTar } from './tar-read.ts';
import { ArchiveError, badBundle } from './trouble.ts';
import { walkZip } from './zip-read.ts';

/** What a file is by its first bytes: its name proves nothing. */
type Packing = 'gzip' | 'xz' | 'zip' | 'tar' | 'text' | 'bzip2' | 'zstd' | 'unknown';

const MAGIC: readonly (readonly [string, Packing])[] = [
  ['1f8b', 'gzip'],
  ['fd377a585a00', 'xz'],
  ['504b0304', 'zip'],
  ['504b0506', 'zip'],
  ['425a68', 'bzip2'],
  ['28b52ffd', 'zstd'],
];

function packingOf(start: Buffer): Packing {
  const hex = start.toString('hex');
  const found = MAGIC.find(([magic]) => hex.startsWith(magic));
  if (found) return found[1];
  if (start.toString('latin1', 257, 262) === 'ustar') return 'tar';
  return /^\s*\{/.test(start.toString('latin1')) ? 'text' : 'unknown';
}

/**
 * Opens a bundle and goes through it: a tar (plain, gzip, or xz where this machine has xz), a zip, a directory, or the text
 * of `kubectl cluster-info dump`. Nothing is unpacked to a disk. A HostError of code `usage` says why one cannot be read.
 */
export async function withArchive<T>(path: string, work: (archive: Archive) => Promise<T>): Promise<T> {
  try {
    if ((await stat(path)).isDirectory()) {
      return await work({ format: 'directory', walk: (visit) => walkDirectory(path, visit) });
    }
    const file = await open(path, 'r');
    try {
      return await work(await archiveIn(file));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof ArchiveError) throw badBundle(path, error.message, { cause: error });
    if (isSystemError(error)) throw badBundle(path, wordsFor(codeOf(error)), { cause: error });
    throw error;
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

async function archiveIn(file: FileHandle): Promise<Archive> {
  const found = await file.stat();
  if (!found.isFile()) throw new ArchiveError('neither a file nor a directory');
  const start = await fileSource(file, found.size).take(512);
  const packing = packingOf(start);
  switch (packing) {
    case 'zip':
      return { format: 'zip', walk: (visit) => walkZip(file.fd, visit) };
    case 'tar':
      return { format: 'tar', walk: (visit) => walkTar(fileSource(file, found.size), visit) };
    case 'gzip':
    case 'xz':
      return { format: 'tar', walk: (visit) => walkPacked(packing, wholeFile(file, found.size), visit) };
    case 'text':
      return { format: 'text', walk: (visit) => visitText(file, found.size, visit) };
    default:
      throw new ArchiveError(refusal(packing, start));
  }
}

function refusal(packing: Packing, start: Buffer): string {
  if (packing === 'bzip2' || packing === 'zstd') return `packed with ${packing}: unpack it and give the directory`;
  return start.every((byte) => byte === 0) ? 'nothing but zeros' : 'neither a tar, a zip, a directory nor a dump';
}

async function visitText(file: FileHandle, size: number, visit: Visit): Promise<void> {
  const member = { name: 'dump.json', kind: 'file', size } as const;
  await visit(member, async () => {
    if (size > LIMITS.member) throw new ArchiveError(`larger than ${LIMITS.member / 1024 / 1024} MiB`);
    return fileSource(file, size).take(size);
  });
}

const CHUNK = 256 * 1024;

/** The file from its beginning, chunk by chunk; the descriptor stays open for whoever reads it again. */
function wholeFile(file: FileHandle, size: number): Readable {
  const source = fileSource(file, size);
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let chunk = await source.take(CHUNK); chunk.length > 0; chunk = await source.take(CHUNK)) yield chunk;
  }
  return Readable.from(chunks());
}

/** A packed tar that is in memory: one within another archive. */
export async function walkPackedBuffer(packed: Buffer, visit: Visit): Promise<void> {
  const packing = packingOf(packed.subarray(0, 512));
  if (packing === 'gzip' || packing === 'xz') await walkPacked(packing, Readable.from([packed]), visit);
  else if (packing === 'tar') await walkTar(streamSource(Readable.from([packed])), visit);
  else throw new ArchiveError('no tar');
}

/** Unpacks a stream as it is read; however the reading ends, the unpacking does too. */
async function walkPacked(packing: 'gzip' | 'xz', packed: Readable, visit: Visit): Promise<void> {
  const counted = { in: 0, out: 0 };
  const into = counter((bytes) => {
    counted.in += bytes;
  });
  const outOf = counter((bytes) => {
    counted.out += bytes;
    refuseBomb(counted.in, counted.out);
  });
  const unpacking = packing === 'gzip' ? gunzip() : unxz();
  const parts: readonly {
    destroy(error?: Error): unknown;
    on(event: 'error', heard: (error: Error) => void): unknown;
  }[] = [packed, into, ...unpacking.streams, outOf];
  for (const part of parts) part.on('error', (error) => outOf.destroy(error));
  packed.pipe(into).pipe(unpacking.input);
  unpacking.output.pipe(outOf);
  try {
    await walkTar(streamSource(outOf as AsyncIterable<Buffer>), visit);
  } catch (error) {
    throw error instanceof ArchiveError ? error : cutOff(packing, error);
  } finally {
    for (const part of parts) part.destroy();
    await unpacking.ended();
  }
}

function cutOff(packing: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const short = 'code' in error && error.code === 'Z_BUF_ERROR';
  const why = short ? 'it is cut off' : `no ${packing} file, or a damaged one (${error.message})`;
  return new ArchiveError(why, { cause: error });
}

function counter(count: (bytes: number) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      try {
        count(chunk.length);
        done(null, chunk);
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
}

interface Unpacking {
  readonly input: NodeJS.WritableStream;
  readonly output: NodeJS.ReadableStream;
  readonly streams: readonly (NodeJS.EventEmitter & { destroy(error?: Error): unknown })[];
  ended(): Promise<void>;
}

function gunzip(): Unpacking {
  const stream = createGunzip();
  return { input: stream, output: stream, streams: [stream], ended: async () => undefined };
}

/** Node has no xz: the machine's own unpacks, with a bound on its memory, from a pipe into a pipe. */
function unxz(): Unpacking {
  const program = findProgram('xz');
  if (program === null)
    throw new ArchiveError('packed with xz, and this machine has no xz: unpack it and give the directory');
  const child = spawn(program, ['-dc', '--memlimit-decompress=256MiB'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  let left = false;
  child.stderr.on('data', (chunk: Buffer) => {
    if (said.length < 1000) said += chunk.toString('utf8');
  });
  child.on('close', (code) => {
    left = true;
    if (code !== 0 && code !== null)
      child.stdout.destroy(new ArchiveError(`xz: ${said.trim() || `exit status ${code}`}`));
  });
  return {
    input: child.stdin,
    output: child.stdout,
    streams: [child.stdin, child.stdout],
    async ended() {
      if (left) return;
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    },
  };
}
