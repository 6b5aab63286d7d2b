import type { Reading } from '../hosts/reading.ts';
import { dropInAsks, dropInFiles } from './drop-ins.ts';
import { subject } from './subject.ts';

export interface TextFile {
  readonly path: string;
  readonly text: Reading<string>;
}

/** Every file in one of systemd-sysctl's directories, before precedence, plus what lies outside them. */
export interface SysctlFiles {
  /** By directory in order of precedence: /etc, /run, /usr/local/lib, /usr/lib, (/lib) sysctl.d. A mask (empty file or link to /dev/null) is listed with empty text. */
  readonly files: Reading<readonly TextFile[]>;
  /** /etc/sysctl.conf: read by `sysctl --system` and procps, not by systemd-sysctl unless 99-sysctl.conf links to it. */
  readonly sysctlConf: Reading<string>;
}

export const sysctlFiles = subject<SysctlFiles>({
  asks: [...dropInAsks('sysctl.d', '.conf'), { kind: 'file', path: '/etc/sysctl.conf' }],
  parse: (view) => ({
    files: dropInFiles(view, 'sysctl.d', '.conf'),
    sysctlConf: view.text('/etc/sysctl.conf'),
  }),
});
