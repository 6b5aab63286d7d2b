import { crc32 } from 'node:zlib';
import { type Entry, fromBuffer, fromFd, type ZipFile } from 'yauzl';
import type { Member, Visit } from './archive.ts';
import { checkedName, LIMITS, refuseBomb } from './limits.ts';
import { tooLarge } from './tar-read.ts';
import { ArchiveError, quotedName } from './trouble.ts';

/** Entry by entry, only when asked; sizes are checked against what comes out. The descriptor stays its owner's. */
const OPTIONS = { lazyEntries: true, autoClose: false, validateEntrySizes: true, strictFileNames: true } as const;

export async function walkZip(from: number | Buffer, visit: Visit): Promise<void> {
  const zip = await opened(from);
  if (zip.entryCount > LIMITS.members) throw new ArchiveError(`more than ${LIMITS.members} members`);
  for (let entry = await nextEntry(zip); entry; entry = await nextEntry(zip)) {
    const found = entry;
    const member = memberFrom(found);
    if ((await visit(member, () => bodyOf(zip, found, member))) === 'stop') return;
  }
}

function opened(from: number | Buffer): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, zip: ZipFile) => (error ? reject(unzippable(error)) : resolve(zip));
    if (typeof from === 'number') fromFd(from, OPTIONS, done);
    else fromBuffer(from, OPTIONS, done);
  });
}

function unzippable(error: Error): ArchiveError {
  const traversal = /invalid relative path|absolute path|invalid characters in fileName/.test(error.message);
  const why = traversal ? `a name would be unpacked outside its folder (${error.message})` : error.message;
  return new ArchiveError(why, { cause: error });
}

function nextEntry(zip: ZipFile): Promise<Entry | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => () => {
      zip.removeAllListeners();
      act();
    };
    zip.once('entry', (entry: Entry) => settle(() => resolve(entry))());
    zip.once(
      'end',
      settle(() => resolve(undefined)),
    );
    zip.once('error', (error: Error) => settle(() => reject(unzippable(error)))());
    zip.readEntry();
  });
}

const FILE_TYPE = 0o170000;
const LINK = 0o120000;
const REGULAR = 0o100000;

/** Unix's file type is in the upper half of the external attributes where the archive was made there. */
function memberFrom({ fileName, uncompressedSize, externalFileAttributes }: Entry): Member {
  const type = (externalFileAttributes >>> 16) & FILE_TYPE;
  const kind = fileName.endsWith('/')
    ? 'directory'
    : type === LINK
      ? 'link'
      : type === 0 || type === REGULAR
        ? 'file'
        : 'other';
  return { name: checkedName(fileName), kind, size: uncompressedSize };
}

async function bodyOf(zip: ZipFile, entry: Entry, member: Member): Promise<Buffer> {
  if (entry.isEncrypted()) throw new ArchiveError(`${quotedName(member.name)} is encrypted`);
  if (member.size > LIMITS.member) throw tooLarge(member);
  refuseBomb(entry.compressedSize, entry.uncompressedSize);
  const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    zip.openReadStream(entry, (error, readable) => (error ? reject(unzippable(error)) : resolve(readable)));
  });
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer);
  } catch (error) {
    throw unzippable(error instanceof Error ? error : new Error(String(error)));
  }
  const body = Buffer.concat(chunks);
  if (crc32(body) !== entry.crc32)
    throw new ArchiveError(`${quotedName(member.name)} is damaged: its checksum is wrong`);
  return body;
}
