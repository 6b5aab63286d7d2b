import type { Ask } from '../hosts/ask.ts';
import { compareBytes } from '../hosts/byte-order.ts';
import type { CaptureView } from '../hosts/capture.ts';
import { known, type Reading } from '../hosts/reading.ts';
import type { TextFile } from './sysctl-files.ts';

/** systemd's CONF_PATHS, first wins: a file name found in an earlier one hides the same name in the later ones. */
const ROOTS = ['/etc', '/run', '/usr/local/lib', '/usr/lib', '/lib'] as const;

function directoriesOf(name: string): string[] {
  return ROOTS.map((root) => `${root}/${name}`);
}

/** Asks for a drop-in directory in all its places: the files, and the listings that show masks (links to /dev/null). */
export function dropInAsks(name: string, extension: string): Ask[] {
  return directoriesOf(name).flatMap((directory): Ask[] => [
    { kind: 'files', glob: `${directory}/*${extension}` },
    { kind: 'list', path: directory },
  ]);
}

/**
 * Every drop-in of that name in all directories, hidden ones too: by directory in order of precedence, then by name. A
 * mask (a link to /dev/null) has empty text. Where /lib is a link to /usr/lib each file is told once. Unknown as soon
 * as one directory could not be looked at, for it may hide what the others say.
 */
export function dropInFiles(view: CaptureView, name: string, extension: string): Reading<readonly TextFile[]> {
  const all: TextFile[] = [];
  for (const directory of directoriesOf(name)) {
    const files = directoryFiles(view, directory, extension);
    if (!files.known) return files;
    all.push(...files.value);
  }
  return known(
    all.filter((file) => !isRepeated(file, all)),
    directoriesOf(name).join(', '),
  );
}

/** The drop-ins that count, in the order they are read: one for each file name, by name in byte order. */
export function effectiveDropIns(view: CaptureView, name: string, extension: string): Reading<readonly TextFile[]> {
  const files = dropInFiles(view, name, extension);
  if (!files.known) return files;
  const byName = new Map<string, TextFile>();
  for (const file of files.value) if (!byName.has(baseName(file.path))) byName.set(baseName(file.path), file);
  const sorted = [...byName].sort(([a], [b]) => compareBytes(a, b)).map(([, file]) => file);
  return known(sorted, files.source);
}

function directoryFiles(view: CaptureView, directory: string, extension: string): Reading<readonly TextFile[]> {
  const glob = `${directory}/*${extension}`;
  const files = view.files(glob);
  if (!files.known) return files.reason === 'absent' ? known([], glob) : files;
  const found = [...files.value].map(([path, text]) => ({ path, text }));
  const masks = masksIn(view, directory, extension).filter(({ path }) => !files.value.has(path));
  return known(
    [...found, ...masks].sort((a, b) => compareBytes(a.path, b.path)),
    glob,
  );
}

function masksIn(view: CaptureView, directory: string, extension: string): TextFile[] {
  const listed = view.list(directory);
  if (!listed.known) return [];
  return listed.value
    .filter(({ name, target }) => name.endsWith(extension) && target === '/dev/null')
    .map(({ name }) => ({ path: `${directory}/${name}`, text: known('', `${directory}/${name}`) }));
}

function isRepeated(file: TextFile, all: readonly TextFile[]): boolean {
  if (!file.path.startsWith('/lib/')) return false;
  const twin = all.find(({ path }) => path === `/usr${file.path}`);
  return twin !== undefined && textOf(twin) === textOf(file);
}

function textOf({ text }: TextFile): string | undefined {
  return text.known ? text.value : undefined;
}

/** A path's last component. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** strcmp's order, as systemd sorts names. JavaScript's own order is that of UTF-16, the same but for rare planes. */
