import type { Reading } from '../hosts/reading.ts';
import { subject } from './subject.ts';
import type { TextFile } from './sysctl-files.ts';

export interface Harvester {
  /** Version as /etc/harvester-release.yaml says; absent: not Harvester. */
  readonly version: Reading<string>;
  /** cloud-init stages under /oem and /system/oem, in the order they are run. */
  readonly oem: Reading<readonly TextFile[]>;
}

export const harvester = subject<Harvester>({
  asks: [],
  parse: () => {
    throw new Error('unwritten');
  },
});
