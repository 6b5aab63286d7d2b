import { ArchiveError } from './trouble.ts';

/** Everything in a tar is in blocks of this many bytes (POSIX.1, pax: "ustar Interchange Format"). */
export const BLOCK = 512;

/** One header, as far as hayward reads them. */
export interface TarHeader {
  readonly name: string;
  readonly size: number;
  /** The type flag: `0` a file, `1` a hard link, `2` a symbolic link, `5` a directory, `x` and `L` speak of the next. */
  readonly type: string;
}

/** Reads a header block; null for a block of zeros, which ends an archive. Throws where it is no header. */
export function parseHeader(block: Buffer): TarHeader | null {
  if (block.every((byte) => byte === 0)) return null;
  if (numberIn(block, 148, 8) !== checksum(block)) throw new ArchiveError('a header whose checksum is wrong');
  const magic = block.toString('latin1', 257, 262);
  const name = textIn(block, 0, 100);
  // GNU's own format has other things where ustar's prefix is.
  const posix = magic === 'ustar' && block[262] === 0;
  const prefix = posix ? textIn(block, 345, 155) : '';
  const type = String.fromCharCode(block[156] ?? 0);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: numberIn(block, 124, 12),
    type: type === '\0' || type === '7' ? '0' : type,
  };
}

/** The sum of all bytes, its own field counted as spaces. */
function checksum(block: Buffer): number {
  let sum = 8 * 0x20;
  for (const [index, byte] of block.entries()) if (index < 148 || index >= 156) sum += byte;
  return sum;
}

function textIn(block: Buffer, at: number, length: number): string {
  const end = block.indexOf(0, at);
  return block.toString('utf8', at, end === -1 || end > at + length ? at + length : end);
}

/** Octal digits, or GNU's base 256 where the first bit is set. */
function numberIn(block: Buffer, at: number, length: number): number {
  if (((block[at] ?? 0) & 0x80) !== 0) {
    let value = (block[at] ?? 0) & 0x7f;
    for (let index = at + 1; index < at + length; index += 1) {
      value = value * 256 + (block[index] ?? 0);
      if (value > Number.MAX_SAFE_INTEGER) throw new ArchiveError('a size no file has');
    }
    return value;
  }
  const digits = textIn(block, at, length).trim();
  if (!/^[0-7]*$/.test(digits)) throw new ArchiveError('a header with a number that is none');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

/** Makes the header of a regular file (0600, root) whose name is plain ASCII of at most 100 characters. */
export function fileHeader(name: string, size: number, mtimeSeconds: number): Buffer {
  if (!/^[\x21-\x7e]{1,100}$/.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name for a member`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  block.write(name, 0, 'latin1');
  octal(0o600, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(mtimeSeconds, 136, 12);
  block.write('0', 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  octal(0, 329, 8);
  octal(0, 337, 8);
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** How many bytes fill a size up to whole blocks. */
export function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** The records of a pax header: `LENGTH KEY=VALUE\n`, the length counting itself. */
export function paxRecords(body: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(0x20, at);
    const length = space === -1 || space - at > 10 ? Number.NaN : Number(body.toString('latin1', at, space));
    const end = at + length;
    const whole = Number.isInteger(length) && length > space - at && end <= body.length && body[end - 1] === 0x0a;
    if (!whole) throw new ArchiveError('an extended header that is none');
    const record = body.toString('utf8', space + 1, end - 1);
    const equals = record.indexOf('=');
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at = end;
  }
  return records;
}
