import { constants, type Dirent } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Member, Visit } from './archive.ts';
import { LIMITS } from './limits.ts';
import { tooLarge } from './tar-read.ts';
import { ArchiveError } from './trouble.ts';

/** Goes through an unpacked bundle in the order of names, below the directory itself following no link. */
export async function walkDirectory(directory: string, visit: Visit): Promise<void> {
  const pending = [''];
  let count = 0;
  for (let below = pending.pop(); below !== undefined; below = pending.pop()) {
    const entries = await readdir(join(directory, below), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      count += 1;
      if (count > LIMITS.members) throw new ArchiveError(`more than ${LIMITS.members} members`);
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) pending.push(name);
      const member: Member = { name, kind: kindOf(entry), size: 0 };
      if ((await visit(member, () => readRegular(join(directory, name), member))) === 'stop') return;
    }
  }
}

function kindOf(entry: Dirent): Member['kind'] {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'link' : 'other';
}

/** A FIFO or a link that took the file's place since it was listed must neither hold nor lead the reader. */
async function readRegular(path: string, member: Member): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = await file.stat();
    if (size > LIMITS.member) throw tooLarge(member);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
