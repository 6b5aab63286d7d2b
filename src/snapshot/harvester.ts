import type { Ask } from '../hosts/ask.ts';
import type { Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';
import type { TextFile } from './sysctl-files.ts';

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

export const harvester = subject<Harvester>({
  asks: [
    { kind: 'file', path: '/etc/harvester-release.yaml' },
    ...OEM_GLOBS.map((glob): Ask => ({ kind: 'files', glob })),
  ],
  parse: () => {
    throw new Error('unwritten');
  },
});
