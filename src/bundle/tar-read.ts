import type { Member, Visit } from './archive.ts';
import type { ByteSource } from './byte-source.ts';
import { checkedName, LIMITS } from './limits.ts';
import { BLOCK, padding, parseHeader, paxRecords, type TarHeader } from './tar-header.ts';
import { ArchiveError, quotedName } from './trouble.ts';

/** Bytes of an extended header or a long name: PATH_MAX is 4,096. */
const MAX_EXTENSION = 1024 * 1024;

/** What an extension says of the next member. */
interface Extension {
  readonly name?: string;
  readonly size?: number;
  readonly sparse?: boolean;
}

/** Goes through a tar: ustar, pax and GNU's. A sparse member is told of as `other`: what it stands for may be any size. */
export async function walkTar(bytes: ByteSource, visit: Visit): Promise<void> {
  let extension: Extension = {};
  for (let count = 0; count < LIMITS.members; count += 1) {
    const block = await bytes.take(BLOCK);
    // An archive ends with blocks of zeros; one that only stops was cut off, or is empty.
    if (block.length < BLOCK) throw new ArchiveError('it is cut off: the end of the archive is missing');
    const header = parseHeader(block);
    if (header === null) return;
    const said = await extensionFrom(bytes, header);
    if (said) {
      extension = { ...extension, ...said };
      continue;
    }
    const size = extension.size ?? header.size;
    const member = memberFrom(header, extension, size);
    extension = {};
    if ((await visitMember(bytes, member, size, visit)) === 'stop') return;
  }
  throw new ArchiveError(`more than ${LIMITS.members} members`);
}

async function visitMember(bytes: ByteSource, member: Member, size: number, visit: Visit): Promise<'stop' | undefined> {
  let left = size + padding(size);
  const answer = await visit(member, async () => {
    if (size > LIMITS.member) throw tooLarge(member);
    const body = await bytes.take(size);
    if (body.length < size) throw new ArchiveError(`it is cut off in the middle of ${quotedName(member.name)}`);
    left -= size;
    return body;
  });
  if (answer === 'stop') return answer;
  const passed = await bytes.skip(left);
  if (passed < left) throw new ArchiveError(`it is cut off in the middle of ${quotedName(member.name)}`);
  return undefined;
}

export function tooLarge({ name }: Member): ArchiveError {
  return new ArchiveError(`${quotedName(name)} is larger than ${LIMITS.member / 1024 / 1024} MiB`);
}

/** Reads a header that speaks of the next one; undefined for a member. */
async function extensionFrom(bytes: ByteSource, { type, size }: TarHeader): Promise<Extension | undefined> {
  if (!['x', 'g', 'L', 'K'].includes(type)) return undefined;
  if (size > MAX_EXTENSION) throw new ArchiveError('an extended header larger than any name');
  const body = await bytes.take(size);
  if (body.length < size) throw new ArchiveError('it is cut off in the middle of a header');
  await bytes.skip(padding(size));
  if (type === 'L') return { name: body.toString('utf8').replace(/\0[\s\S]*$/, '') };
  // What holds for all members (a comment of git's) or names a link's target is of no use here.
  if (type !== 'x') return {};
  const records = paxRecords(body);
  const name = records.get('GNU.sparse.name') ?? records.get('path');
  const length = records.get('size');
  if (length !== undefined && !/^\d{1,15}$/.test(length)) throw new ArchiveError('a size no file has');
  return {
    ...(name !== undefined && { name }),
    ...(length !== undefined && { size: Number(length) }),
    ...([...records.keys()].some((key) => key.startsWith('GNU.sparse')) && { sparse: true }),
  };
}

const KINDS: Readonly<Record<string, Member['kind']>> = { '0': 'file', '1': 'link', '2': 'link', '5': 'directory' };

function memberFrom(header: TarHeader, extension: Extension, size: number): Member {
  const raw = extension.name ?? header.name;
  const kind = extension.sparse ? 'other' : (KINDS[header.type] ?? 'other');
  // Before POSIX a directory was a file whose name ends in a slash.
  return { name: checkedName(raw), kind: kind === 'file' && raw.endsWith('/') ? 'directory' : kind, size };
}
