import type { Reading } from '../hosts/reading.ts';
import { dropInAsks, effectiveDropIns } from './drop-ins.ts';
import { subject } from './subject.ts';
import type { TextFile } from './sysctl-files.ts';

/** What is loaded at boot and what is kept from loading. */
export interface ModuleFiles {
  /**
   * modules-load.d of all directories, precedence applied, in the order systemd-modules-load reads them. /etc/modules
   * counts where Debian's link /etc/modules-load.d/modules.conf leads to it, and stands here under the link's path.
   */
  readonly load: Reading<readonly TextFile[]>;
  /** modprobe.d: `blacklist`, `install`, `softdep` lines count. */
  readonly modprobe: Reading<readonly TextFile[]>;
}

export const moduleFiles = subject<ModuleFiles>({
  asks: [...dropInAsks('modules-load.d', '.conf'), ...dropInAsks('modprobe.d', '.conf')],
  parse: (view) => ({
    load: effectiveDropIns(view, 'modules-load.d', '.conf'),
    modprobe: effectiveDropIns(view, 'modprobe.d', '.conf'),
  }),
});
