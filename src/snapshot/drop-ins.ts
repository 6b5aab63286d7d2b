import type { Ask } from '../hosts/ask.ts';

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
