import { firstUnknown, known, orWhenAbsent, type Reading } from '../hosts/reading.ts';
import { type Applied, systemdSysctl } from '../persistence/systemd-sysctl.ts';
import type { SysctlFiles, TextFile } from '../snapshot/sysctl-files.ts';

/** The link by which a distribution lets systemd-sysctl read /etc/sysctl.conf; Debian 13 has none. */
const LINK = '99-sysctl.conf';

/**
 * What the first boot after an installation will set, and by which line, when the installer appends `lines` to
 * /etc/sysctl.conf: its own `sysctl -p` reads that file alone and so proves nothing for the boot. The writes to
 * `keys`, in order; a key without one is left to the kernel and to services.
 */
export function bootAfterInstall(
  { files, sysctlConf }: SysctlFiles,
  lines: string,
  keys: readonly string[],
): Reading<readonly Applied[]> {
  if (!files.known) return files;
  const present = sysctlConf.known;
  const conf = orWhenAbsent(sysctlConf, '');
  const missing = firstUnknown(conf, ...files.value.map(({ text }) => text));
  if (missing) return missing;
  const before = conf.known ? conf.value : '';
  const after = `${before.replace(/\n?$/, '\n')}${lines}`;
  const read = files.value.map((file) => {
    const isConf = present && file.path.endsWith(`/${LINK}`) && textOf(file) === before;
    return { path: file.path, text: isConf ? after : textOf(file) };
  });
  return known(systemdSysctl({ files: read, existing: keys }), files.source);
}

function textOf({ text }: TextFile): string {
  return text.known ? text.value : '';
}
