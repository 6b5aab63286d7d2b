import type { Ask } from '../hosts/ask.ts';
import type { CaptureView } from '../hosts/capture.ts';
import { known, type Reading } from '../hosts/reading.ts';
import { baseName } from './drop-ins.ts';
import type { TextFile } from './sysctl-files.ts';

/** systemd's unit load path for the system manager (systemd.unit(5)), first wins. */
const DIRECTORIES = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
] as const;

/** Vendor directories hold hundreds of units: only these travel. The administrator's own directories are read whole. */
const VENDOR_NAMES = ['rke2-*', 'k3s*', 'kube*', 'systemd-sysctl', 'systemd-modules-load', 'tuned', 'ufw', 'procps'];

const UNIT_GLOBS = [
  ...DIRECTORIES.slice(0, 2).map((directory) => `${directory}/*.service`),
  ...DIRECTORIES.slice(2).flatMap((directory) => VENDOR_NAMES.map((name) => `${directory}/${name}.service`)),
];
const DROP_IN_GLOBS = DIRECTORIES.map((directory) => `${directory}/*.service.d/*.conf`);
const WANTS = ['multi-user.target.wants', 'sysinit.target.wants'].map((name) => `/etc/systemd/system/${name}`);

export const UNIT_FILE_ASKS: readonly Ask[] = [
  ...[...UNIT_GLOBS, ...DROP_IN_GLOBS].map((glob): Ask => ({ kind: 'files', glob })),
  ...WANTS.map((path): Ask => ({ kind: 'list', path })),
];

/** The unit files and drop-ins of a node, by unit name, without asking systemd. */
export interface UnitFiles {
  /** Names of all units seen, in byte order. */
  readonly names: readonly string[];
  /** The unit file that counts, then its drop-ins in systemd's order. Empty: none was seen. */
  files(unit: string): readonly TextFile[];
  /** A link in /etc's multi-user or sysinit target starts it at boot. */
  wanted(unit: string): boolean;
}

/** Unknown only when none of the directories could be looked at: systemd itself is the better witness where it runs. */
export function unitFilesOf(view: CaptureView): Reading<UnitFiles> {
  const units = gather(view, UNIT_GLOBS);
  const dropIns = gather(view, DROP_IN_GLOBS);
  const first = view.files(UNIT_GLOBS[0] ?? '');
  if (!first.known && first.reason !== 'absent' && units.length === 0 && dropIns.length === 0) return first;
  const wanted = new Set(WANTS.flatMap((path) => namesIn(view, path)));
  const owners = dropIns.map(({ path }) => ownerOf(path));
  return known(
    {
      names: [...new Set([...units.map(({ path }) => baseName(path)), ...owners])].sort(),
      files: (unit) => [
        ...units.filter(({ path }) => baseName(path) === unit).slice(0, 1),
        ...dropInsOf(unit, dropIns),
      ],
      wanted: (unit) => wanted.has(unit),
    },
    DIRECTORIES.join(', '),
  );
}

/** In order of precedence, for the globs are. */
function gather(view: CaptureView, globs: readonly string[]): TextFile[] {
  return globs.flatMap((glob) => {
    const files = view.files(glob);
    return files.known ? [...files.value].map(([path, text]) => ({ path, text })) : [];
  });
}

function namesIn(view: CaptureView, path: string): readonly string[] {
  const listed = view.list(path);
  return listed.known ? listed.value.map(({ name }) => name) : [];
}

/** The unit a drop-in belongs to: the name of its directory without `.d`. */
function ownerOf(path: string): string {
  return path.split('/').at(-2)?.replace(/\.d$/, '') ?? '';
}

/** One drop-in for each file name, the first directory's, in byte order of the names whatever the directory. */
function dropInsOf(unit: string, dropIns: readonly TextFile[]): TextFile[] {
  const byName = new Map<string, TextFile>();
  for (const file of dropIns) {
    if (ownerOf(file.path) === unit && !byName.has(baseName(file.path))) byName.set(baseName(file.path), file);
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => file);
}
