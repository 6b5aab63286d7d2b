import { lstatSync, readlinkSync } from 'node:fs';

/** The kernel's own bound on links followed in one lookup (path_resolution(7)). */
const MAX_LINKS = 40;

interface Lookup {
  readonly root: string;
  readonly pending: string[];
  /** Components walked already, none of them a link. */
  readonly done: string[];
  links: number;
}

/**
 * Where a node's path is below `root`, as components none of which is a link: every symbolic link is followed by hand and
 * inside the root, absolute targets start at the root again, `..` at the root stays there, as chroot(2) would have it.
 * `from` is a directory walked before, in which a relative path starts. Throws the system's error.
 */
export function insideRoot(root: string, path: string, from: readonly string[] = []): readonly string[] {
  const lookup: Lookup = { root, pending: componentsOf(path), done: [...from], links: 0 };
  for (let next = lookup.pending.shift(); next !== undefined; next = lookup.pending.shift()) step(lookup, next);
  return lookup.done;
}

/** The path on this machine; opened with O_NOFOLLOW it cannot lead out. */
export function realPath(root: string, components: readonly string[]): string {
  return components.length === 0 ? root : `${root === '/' ? '' : root}/${components.join('/')}`;
}

function step(lookup: Lookup, component: string): void {
  if (component === '..') {
    lookup.done.pop();
    return;
  }
  lookup.done.push(component);
  const path = realPath(lookup.root, lookup.done);
  const found = lstatSync(path);
  if (found.isSymbolicLink()) {
    lookup.done.pop();
    lookup.links += 1;
    if (lookup.links > MAX_LINKS) throw systemError('ELOOP', path);
    const target = readlinkSync(path);
    if (target.startsWith('/')) lookup.done.length = 0;
    lookup.pending.unshift(...componentsOf(target));
  } else if (!found.isDirectory() && lookup.pending.length > 0) {
    throw systemError('ENOTDIR', path);
  }
}

function componentsOf(path: string): string[] {
  return path.split('/').filter((component) => component !== '' && component !== '.');
}

function systemError(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
