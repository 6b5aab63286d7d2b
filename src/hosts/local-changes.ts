import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  chmod,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  unlink,
} from 'node:fs/promises';
import { dirname } from 'node:path';
import { type ActingHost, type FileState, HostError, type WriteOptions } from './host.ts';
import { known, type Reading, unknown } from './reading.ts';
import { codeOf, reasonFor, refused, wordsFor } from './system-errors.ts';
import { withoutNewline } from './tree.ts';

type Changes = Pick<ActingHost, 'stat' | 'readSetting' | 'writeSetting' | 'writeFile' | 'makeLink' | 'removeFile'>;

/** The changing half of the local host. */
export const changeHere: Changes = { stat, readSetting, writeSetting, writeFile, makeLink, removeFile };

/** A before-image beyond this would not be worth its place in a journal: nothing hayward writes is near it. */
export const MAX_IMAGE_BYTES = 16 * 1024 * 1024;

async function stat(path: string): Promise<Reading<FileState>> {
  try {
    const found = await lstat(path);
    if (found.isSymbolicLink()) return known({ type: 'link', target: await readlink(path) }, path);
    if (!found.isFile()) return known({ type: 'other', detail: found.isDirectory() ? 'directory' : 'special' }, path);
    if (found.size > MAX_IMAGE_BYTES) return unknown('failed', path, `${path}: larger than ${MAX_IMAGE_BYTES} bytes`);
    const content = await readFile(path);
    const { uid, gid } = found;
    return known(
      { type: 'file', contentBase64: content.toString('base64'), mode: found.mode & 0o7777, uid, gid },
      path,
    );
  } catch (error) {
    const code = codeOf(error);
    if (reasonFor(code) === 'absent') return known({ type: 'absent' }, path);
    return unknown(reasonFor(code), path, `${path}: ${wordsFor(code)}`);
  }
}

async function readSetting(path: string): Promise<Reading<string>> {
  try {
    return known(withoutNewline(await readFile(path, 'utf8')), path);
  } catch (error) {
    const code = codeOf(error);
    return unknown(reasonFor(code), path, `${path}: ${wordsFor(code)}`);
  }
}

async function writeSetting(path: string, value: string): Promise<void> {
  await attempt('write', path, async () => {
    const file = await open(path, constants.O_WRONLY);
    try {
      // The kernel takes a setting from one write(2): a second one would be a second setting.
      const bytes = Buffer.from(`${value}\n`);
      const { bytesWritten } = await file.write(bytes);
      // A BPF program that holds a setting may answer with the length of its own value: what stands is read back.
      if (bytesWritten === 0) throw refused('write', path, 'EIO');
    } finally {
      await file.close();
    }
  });
}

async function writeFile(path: string, content: Uint8Array, options: WriteOptions): Promise<void> {
  await attempt('write', path, async () => {
    const directory = dirname(path);
    await makeDirectory(directory);
    const owner = await ownerFor(path, options);
    const fresh = `${directory}/.hayward-${randomBytes(8).toString('hex')}`;
    try {
      await withFile(fresh, 'wx', 0o600, async (file) => {
        await file.writeFile(content);
        if (owner) await file.chown(owner.uid, owner.gid);
        // After chown, which clears set-id bits; explicitly, because the umask took its part at open.
        await file.chmod(options.mode);
        await file.sync();
      });
      await rename(fresh, path);
    } catch (error) {
      await rm(fresh, { force: true });
      throw error;
    }
    await syncDirectory(directory);
  });
}

/**
 * A directory with its missing parents, 0755 whatever the umask. Node's own `recursive` answers ENOENT where the file
 * system is read-only.
 */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
    await chmod(path, 0o755);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' && dirname(path) !== path) {
      await makeDirectory(dirname(path));
      await makeDirectory(path);
    } else if (code !== 'EEXIST') throw error;
  }
}

/** The wanted owner; for what is not said, the present file's. Undefined: the process's own. */
async function ownerFor(path: string, { uid, gid }: WriteOptions): Promise<{ uid: number; gid: number } | undefined> {
  if (uid !== undefined && gid !== undefined) return { uid, gid };
  const present = await lstat(path).catch(() => undefined);
  if (!present?.isFile() && uid === undefined && gid === undefined) return undefined;
  const base = present?.isFile() ? present : { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  return { uid: uid ?? base.uid, gid: gid ?? base.gid };
}

async function makeLink(path: string, target: string): Promise<void> {
  await attempt('link', path, async () => {
    const directory = dirname(path);
    await makeDirectory(directory);
    const fresh = `${directory}/.hayward-${randomBytes(8).toString('hex')}`;
    try {
      await symlink(target, fresh);
      await rename(fresh, path);
    } catch (error) {
      await rm(fresh, { force: true });
      throw error;
    }
    await syncDirectory(directory);
  });
}

async function removeFile(path: string): Promise<void> {
  await attempt('remove', path, async () => {
    try {
      await unlink(path);
    } catch (error) {
      if (reasonFor(codeOf(error)) === 'absent') return;
      throw error;
    }
    await syncDirectory(dirname(path));
  });
}

async function syncDirectory(directory: string): Promise<void> {
  await withFile(directory, constants.O_RDONLY | constants.O_DIRECTORY, 0, (handle) => handle.sync());
}

async function withFile(
  path: string,
  flags: string | number,
  mode: number,
  use: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags, mode);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

async function attempt(operation: string, path: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    throw error instanceof HostError ? error : refused(operation, path, codeOf(error), error);
  }
}
