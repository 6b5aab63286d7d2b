import type { FileHandle } from 'node:fs/promises';

/** Bytes read in order, some of them passed over. */
export interface ByteSource {
  /** The next `count` bytes; fewer only where they end. */
  take(count: number): Promise<Buffer>;
  /** Passes over bytes; how many there were. */
  skip(count: number): Promise<number>;
}

/** An open file, in which what is passed over is not read: a hole of 10 GB costs nothing. */
export function fileSource(file: FileHandle, size: number): ByteSource {
  let position = 0;
  return {
    async take(count) {
      const wanted = Math.min(count, Math.max(0, size - position));
      const buffer = Buffer.allocUnsafe(wanted);
      let have = 0;
      while (have < wanted) {
        const { bytesRead } = await file.read(buffer, have, wanted - have, position + have);
        if (bytesRead === 0) break;
        have += bytesRead;
      }
      position += have;
      return buffer.subarray(0, have);
    },
    async skip(count) {
      const step = Math.min(count, Math.max(0, size - position));
      position += step;
      return step;
    },
  };
}

/** A stream, of which no more is held than is asked for at once. */
export function streamSource(chunks: AsyncIterable<Buffer>): ByteSource {
  const iterator = chunks[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  async function more(): Promise<boolean> {
    if (held.length > 0) return true;
    const { done, value } = await iterator.next();
    if (done) return false;
    held = value;
    return true;
  }
  function some(count: number): Buffer {
    const piece = held.subarray(0, count);
    held = held.subarray(piece.length);
    return piece;
  }
  return {
    async take(count) {
      const pieces: Buffer[] = [];
      let left = count;
      while (left > 0 && (await more())) {
        const piece = some(left);
        pieces.push(piece);
        left -= piece.length;
      }
      return Buffer.concat(pieces);
    },
    async skip(count) {
      let left = count;
      while (left > 0 && (await more())) left -= some(left).length;
      return count - left;
    },
  };
}
