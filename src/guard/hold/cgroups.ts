import { readdirSync, readFileSync, statSync } from 'node:fs';
import { known, type Reading, unknown } from '../../hosts/reading.ts';
import { codeOf, reasonFor } from '../../hosts/system-errors.ts';

const MOUNTS = '/proc/self/mountinfo';
/** cgroup_setup_root() in kernel/cgroup/cgroup.c warns when it is another. */
const ROOT_INODE = 1n;

export interface Mount {
  readonly type: string;
  readonly directory: string;
}

/** The mounts in proc(5)'s mountinfo. */
export function readMounts(mountinfo: string): readonly Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const fields = line.split(' ');
    const [directory, type] = [fields[4], fields[fields.indexOf('-') + 1]];
    if (directory === undefined || type === undefined || fields.length < 8) return [];
    return [
      { type, directory: directory.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8))) },
    ];
  });
}

export function mountsNow(): Reading<readonly Mount[]> {
  try {
    return known(readMounts(readFileSync(MOUNTS, 'utf8')), MOUNTS);
  } catch (error) {
    return unknown(reasonFor(codeOf(error)), MOUNTS, String(error));
  }
}

/**
 * Where the root of the cgroup v2 hierarchy is mounted, as this process sees it: alone (unified) or beside v1 (hybrid).
 * A container's own cgroup namespace shows only a part, whose directory has another inode number than the root's 1.
 */
export function findCgroup(): Reading<string> {
  const mounts = mountsNow();
  if (!mounts.known) return mounts;
  const directories = mounts.value.filter(({ type }) => type === 'cgroup2').map(({ directory }) => directory);
  if (directories.length === 0) return unknown('absent', MOUNTS, 'no cgroup v2 hierarchy is mounted');
  const root = directories.find((directory) => inodeOf(directory) === ROOT_INODE);
  if (root !== undefined) return known(root, MOUNTS);
  return unknown('absent', MOUNTS, `${directories.join(', ')}: not the root of the hierarchy, but a part of it`);
}

/** This process's own cgroup v2 directory below a mount of the hierarchy's root. */
export function ownCgroup(mount: string): Reading<string> {
  const source = '/proc/self/cgroup';
  try {
    const path = /^0::(\/.*)$/m.exec(readFileSync(source, 'utf8'))?.[1];
    if (path === undefined) return unknown('absent', source, 'this process is in no cgroup v2');
    return known(path === '/' ? mount : `${mount}${path}`, source);
  } catch (error) {
    return unknown(reasonFor(codeOf(error)), source, String(error));
  }
}

/** undefined where there is none. */
export function inodeOf(path: string): bigint | undefined {
  try {
    return statSync(path, { bigint: true }).ino;
  } catch {
    return undefined;
  }
}

/**
 * Paths of cgroups by their ids, which are their directories' inode numbers and are never used again: `/` for the mount
 * itself, `unknown` for one that is gone. The tree below `from` is walked only when an id is new.
 */
export function cgroupPaths(mount: string, from: string): (ids: ReadonlySet<bigint>) => ReadonlyMap<bigint, string> {
  let paths = new Map<bigint, string>();
  return (ids) => {
    if ([...ids].some((id) => !paths.has(id))) {
      const found = new Map<bigint, string>();
      walk(from, (directory, inode) => found.set(inode, directory.slice(mount.length) || '/'));
      for (const id of ids) if (!found.has(id)) found.set(id, paths.get(id) ?? 'unknown');
      paths = found;
    }
    return paths;
  };
}

function walk(directory: string, visit: (directory: string, inode: bigint) => void): void {
  const inode = inodeOf(directory);
  if (inode === undefined) return;
  visit(directory, inode);
  for (const entry of entriesOf(directory)) if (entry.isDirectory()) walk(`${directory}/${entry.name}`, visit);
}

/** None of a cgroup that goes away meanwhile. */
function entriesOf(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}
