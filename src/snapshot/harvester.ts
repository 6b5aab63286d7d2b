import type { Ask } from '../hosts/ask.ts';
import type { CaptureView } from '../hosts/capture.ts';
import { known, mapReading, type Reading } from '../hosts/reading.ts';
import { fieldsOf, textAt } from './fields.ts';
import { subject } from './subject.ts';
import type { TextFile } from './sysctl-files.ts';
import { yamlOf } from './yaml-text.ts';

export interface Harvester {
  /** Version as /etc/harvester-release.yaml says; absent: not Harvester. */
  readonly version: Reading<string>;
  /** cloud-init stages under /oem and /system/oem, in the order they are run. */
  readonly oem: Reading<readonly TextFile[]>;
}

/**
 * Where elemental's cos-setup units look for stages, in the order they hand the directories to yip (elemental-toolkit,
 * GetCloudInitPaths); yip reads each in lexical order and takes .yaml and .yml alone (yip pkg/executor/default.go).
 */
const OEM_DIRECTORIES = ['/system/oem', '/oem', '/usr/local/cloud-config'] as const;
const OEM_GLOBS = OEM_DIRECTORIES.flatMap((directory) => [`${directory}/*.yaml`, `${directory}/*.yml`]);
const RELEASE = '/etc/harvester-release.yaml';

function versionFrom(text: string): string {
  return textAt(fieldsOf(yamlOf(text), 'top level'), 'harvester');
}

/** Unknown as soon as one directory could not be looked at: a later stage can take back what an earlier one set. */
function oemOf(view: CaptureView): Reading<readonly TextFile[]> {
  const stages: TextFile[] = [];
  for (const directory of OEM_DIRECTORIES) {
    const files = OEM_GLOBS.filter((glob) => glob.startsWith(`${directory}/`)).map((glob) => view.files(glob));
    const unseen = files.find((reading) => !reading.known && reading.reason !== 'absent');
    if (unseen && !unseen.known) return unseen;
    const found = files.flatMap((reading) => (reading.known ? [...reading.value] : []));
    stages.push(...found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, text]) => ({ path, text })));
  }
  return known(stages, OEM_DIRECTORIES.join(', '));
}

export const harvester = subject<Harvester>({
  asks: [{ kind: 'file', path: RELEASE }, ...OEM_GLOBS.map((glob): Ask => ({ kind: 'files', glob }))],
  parse: (view) => ({
    version: mapReading(view.text(RELEASE), versionFrom),
    oem: oemOf(view),
  }),
});
