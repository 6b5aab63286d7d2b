import { udevReactions } from '../../persistence/udev.ts';
import { headerFor } from './naming.ts';
import { sysctlKey } from './quoting.ts';
import type { FileToWrite, PersistParts, Wanted } from './wanted.ts';

/** Settings of br_netfilter: they exist, and are 1, from the moment the module loads. */
export function isBridgeKey(key: string): boolean {
  return key.startsWith('net/bridge/');
}

/** `zz-`: systemd-sysctl sorts all directories' files by name, and the last assignment wins. */
export function sysctlFile(wanted: Wanted['settings'], name: string, problemId: string): FileToWrite[] {
  if (wanted.length === 0) return [];
  const lines = wanted.map(({ key, value }) => `${sysctlKey(key)} = ${value}\n`);
  return [
    {
      path: `/etc/sysctl.d/zz-hayward-${name}.conf`,
      content: headerFor(problemId, 'systemd-sysctl sets these at every boot.') + lines.join(''),
      mode: 0o644,
    },
  ];
}

/** modules-load.d is read before systemd-sysctl runs. Modules another file already loads are left out. */
export function moduleFile(
  modules: readonly string[],
  name: string,
  problemId: string,
  parts: PersistParts,
): FileToWrite[] {
  const missing = modules.filter((module) => !loadedByOthers(module, parts));
  if (missing.length === 0) return [];
  const why = 'systemd-modules-load loads these at every boot, before the settings are set.';
  return [
    {
      path: `/etc/modules-load.d/hayward-${name}.conf`,
      content: headerFor(problemId, why) + missing.map((module) => `${module}\n`).join(''),
      mode: 0o644,
    },
  ];
}

function isOurs(path: string): boolean {
  return path.slice(path.lastIndexOf('/') + 1).includes('hayward-');
}

function loadedByOthers(module: string, { moduleFiles }: PersistParts): boolean {
  if (!moduleFiles.load.known) return false;
  const plain = (name: string) => name.trim().replaceAll('-', '_');
  return moduleFiles.load.value.some(
    ({ path, text }) =>
      text.known && !isOurs(path) && text.value.split('\n').some((line) => plain(line) === plain(module)),
  );
}

/**
 * sysctl.d(5)'s second cure for keys of a module that loads late: set them whenever it loads. The rule runs when the module
 * is unloaded and loaded again, too. Left out where a rule of somebody else's does the same.
 */
export function bridgeModuleRule(name: string, problemId: string, parts: PersistParts): FileToWrite[] {
  if (ruleOfOthers(parts)) return [];
  const why = 'br_netfilter sets net.bridge.* to 1 whenever it loads; this sets what sysctl.d says (see sysctl.d(5)).';
  const program = `${systemdDirectory(parts)}/systemd-sysctl`;
  const rule = `ACTION=="add", SUBSYSTEM=="module", KERNEL=="br_netfilter", RUN+="${program} --prefix=/net/bridge"\n`;
  return [
    { path: `/etc/udev/rules.d/99-hayward-${name}.rules`, content: headerFor(problemId, why) + rule, mode: 0o644 },
  ];
}

function ruleOfOthers({ udevRules }: PersistParts): boolean {
  if (!udevRules.known) return false;
  const others = udevRules.value.filter(({ path }) => !isOurs(path));
  return udevReactions(others, { action: 'add', subsystem: 'module', kernel: 'br_netfilter' }).some(
    ({ certain, effects }) =>
      certain &&
      effects.some(
        (effect) =>
          effect.kind === 'systemd-sysctl' &&
          (effect.prefixes.length === 0 || effect.prefixes.some((prefix) => 'net/bridge'.startsWith(prefix))),
      ),
  );
}

/** Where systemd's own programs are: beside its units. /lib on Debian before its merge into /usr, else /usr/lib. */
function systemdDirectory({ units, os }: PersistParts): string {
  const unit = units.units.known && units.units.value.find(({ name }) => name === 'systemd-sysctl.service');
  const path = unit ? unit.files[0]?.path : undefined;
  if (path?.endsWith('/systemd/system/systemd-sysctl.service') && !path.startsWith('/etc/')) {
    return path.slice(0, -'/system/systemd-sysctl.service'.length);
  }
  const release = os.release.known ? os.release.value : undefined;
  const debian = release?.id === 'debian' || release?.idLike.includes('debian');
  return debian ? '/lib/systemd' : '/usr/lib/systemd';
}
