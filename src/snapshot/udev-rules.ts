import type { Reading } from '../hosts/reading.ts';
import { dropInAsks } from './drop-ins.ts';
import { subject } from './subject.ts';
import type { TextFile } from './sysctl-files.ts';

/** udev rule files (all directories, precedence applied, in order) whose text mentions sysctl or br_netfilter. */
export const udevRules = subject<Reading<readonly TextFile[]>>({
  asks: dropInAsks('udev/rules.d', '.rules'),
  parse: () => {
    throw new Error('unwritten');
  },
});
