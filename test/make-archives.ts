import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { BLOCK, padding } from '../src/bundle/tar-header.ts';

/** A member of a tar as nobody honest would make it, too. */
export interface TarPiece {
  readonly name: string;
  readonly body?: string | Buffer;
  readonly type?: string;
  readonly link?: string;
  /** What the header claims, where that is not the body's. */
  readonly size?: number;
  readonly magic?: string;
}

/** One member with its header, whatever it says. */
export function tarPiece({ name, body = '', type = '0', link = '', size, magic = 'ustar\x0000' }: TarPiece): Buffer {
  const bytes = Buffer.from(body);
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 100);
  block.write('0000644\x000000000\x000000000\0', 100, 'latin1');
  block.write(`${(size ?? bytes.length).toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  block.write('00000000000\0', 136, 'latin1');
  block.write('        ', 148, 'latin1');
  block.write(type, 156, 'latin1');
  block.write(link, 157, 100);
  block.write(magic, 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([block, bytes, Buffer.alloc(padding(bytes.length))]);
}

export function tarBytes(...pieces: readonly TarPiece[]): Buffer {
  return Buffer.concat([...pieces.map(tarPiece), Buffer.alloc(2 * BLOCK)]);
}

/** pax's header for the next member. */
export function paxPiece(records: Readonly<Record<string, string>>): TarPiece {
  const body = Object.entries(records)
    .map(([key, value]) => {
      const rest = ` ${key}=${value}\n`;
      let length = Buffer.byteLength(rest) + 1;
      while (String(length).length + Buffer.byteLength(rest) !== length) length += 1;
      return `${length}${rest}`;
    })
    .join('');
  return { name: 'pax', type: 'x', body };
}

/** A gzip of more than ten billion zeros in ten megabytes, after what is given: members of a gzip stand one after another. */
export function tenGigabytes(before: Buffer): Buffer {
  const zeros = gzipSync(Buffer.alloc(64 * 1024 * 1024), { level: 9 });
  return Buffer.concat([gzipSync(before), ...Array.from({ length: 160 }, () => zeros)]);
}

export interface ZipPiece {
  readonly name: string;
  readonly body: string | Buffer;
  /** Unix's mode with the file type, e.g. 0o120777 for a link. */
  readonly mode?: number;
  /** What the directory claims, where that is not so. */
  readonly size?: number;
  readonly crc?: number;
}

/** A zip of deflated members, with its directory at the end (APPNOTE.TXT 4.3). */
export function zipBytes(...pieces: readonly ZipPiece[]): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const { name, body, mode = 0o100644, size, crc } of pieces) {
    const bytes = Buffer.from(body);
    const packed = deflateRawSync(bytes);
    const sum = crc ?? crc32(bytes);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(sum, 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(size ?? bytes.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('504b0304', 'hex'), common, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE((mode << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    entries.push(Buffer.concat([Buffer.from('504b01021403', 'hex'), common, rest, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.write('504b0506', 'hex');
  end.writeUInt16LE(pieces.length, 8);
  end.writeUInt16LE(pieces.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
