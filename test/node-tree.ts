import { type Ask, sourceOf } from '../src/hosts/ask.ts';
import type { Capture, Entry, ListedFile } from '../src/hosts/capture.ts';
import { asksFor, SUBJECTS, type SubjectName } from '../src/snapshot/snapshot.ts';

/** A node by its files and by what its commands print: all that is not here does not exist there. */
export interface NodeTree {
  readonly files: Readonly<Record<string, string>>;
  /** Symbolic links by path; one that leads to a file of the tree is read through. */
  readonly links?: Readonly<Record<string, string>>;
  /** By command line, as evidence cites it. */
  readonly commands?: Readonly<Record<string, string | Exclude<Entry, { state: 'ok' }>>>;
  readonly programs?: readonly string[];
}

const ALL = Object.keys(SUBJECTS) as SubjectName[];

/** Answers asks (all there are, when not given) as a host would that sees this tree. */
export function captureOf(tree: NodeTree, name = 'node', asks: readonly Ask[] = asksFor(ALL)): Capture {
  const answers = { entries: {}, globs: {}, lists: {}, which: {} } as Answers;
  for (const ask of asks) answer(tree, ask, answers);
  const target = { name, via: 'local' as const };
  return { schema: 1, target, takenAt: '2026-01-01T00:00:00.000Z', ...answers };
}

interface Answers {
  readonly entries: Record<string, Entry>;
  readonly globs: Record<string, readonly string[]>;
  readonly lists: Record<string, readonly ListedFile[] | Exclude<Entry, { state: 'ok' }>>;
  readonly which: Record<string, string | null>;
}

function answer(tree: NodeTree, ask: Ask, to: Answers): void {
  switch (ask.kind) {
    case 'file': {
      const path = ask.path.replace('{release}', textOf(tree, '/proc/sys/kernel/osrelease')?.trim() ?? '');
      if (path !== ask.path) to.globs[ask.path] = [path];
      const before = to.entries[path];
      if (before === undefined || ask.keep === undefined) to.entries[path] = fileEntry(tree, path, ask.keep);
      return;
    }
    case 'files':
    case 'values': {
      const paths = pathsOf(tree).filter((path) => globbed(ask.glob, path) && textOf(tree, path) !== undefined);
      to.globs[ask.glob] = paths;
      for (const path of paths) to.entries[path] = fileEntry(tree, path);
      return;
    }
    case 'list':
      to.lists[ask.path] = listed(tree, ask.path);
      return;
    case 'run':
      to.entries[sourceOf(ask.argv)] = commandEntry(tree, ask);
      return;
    case 'which':
      for (const name of ask.names) to.which[name] = tree.programs?.includes(name) ? `/usr/sbin/${name}` : null;
  }
}

function fileEntry(tree: NodeTree, path: string, keep?: string): Entry {
  const text = textOf(tree, path);
  if (text === undefined) return { state: 'absent', detail: `${path}: No such file or directory` };
  if (keep === undefined) return { state: 'ok', text };
  const lines = text.split('\n').filter((line) => new RegExp(keep).test(line));
  return { state: 'ok', text: lines.map((line) => `${line}\n`).join('') };
}

function commandEntry(tree: NodeTree, ask: Extract<Ask, { kind: 'run' }>): Entry {
  const source = sourceOf(ask.argv);
  const program = ask.argv[0] ?? '';
  if (ask.onlyIf !== undefined && !exists(tree, ask.onlyIf)) {
    return { state: 'absent', detail: `${program} was not run: there is no ${ask.onlyIf}` };
  }
  const said = tree.commands?.[source];
  if (said === undefined) return { state: 'absent', detail: `${program}: not found on the search path` };
  return typeof said === 'string' ? { state: 'ok', text: said } : said;
}

function exists(tree: NodeTree, path: string): boolean {
  return pathsOf(tree).some((other) => other === path || other.startsWith(`${path}/`));
}

function textOf(tree: NodeTree, path: string): string | undefined {
  const target = tree.links?.[path];
  return target === undefined ? tree.files[path] : tree.files[new URL(target, `file://${path}`).pathname];
}

function pathsOf(tree: NodeTree): string[] {
  return [...Object.keys(tree.files), ...Object.keys(tree.links ?? {})].sort();
}

function globbed(glob: string, path: string): boolean {
  const pattern = glob.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pattern.join('[^/]*')}$`).test(path);
}

function listed(tree: NodeTree, directory: string): readonly ListedFile[] | Exclude<Entry, { state: 'ok' }> {
  const below = pathsOf(tree).filter((path) => path.startsWith(`${directory}/`));
  if (below.length === 0) return { state: 'absent', detail: `${directory}: No such file or directory` };
  const names = [...new Set(below.map((path) => path.slice(directory.length + 1).split('/', 1)[0] ?? ''))];
  return names.map((name): ListedFile => {
    const target = tree.links?.[`${directory}/${name}`];
    if (target !== undefined) return { name, type: 'link', target };
    return { name, type: `${directory}/${name}` in tree.files ? 'file' : 'directory' };
  });
}
