import type { BootSources } from './boot-sources.ts';
import { isGlob } from './glob.ts';
import { canonicalKey, storedValue } from './kernel-settings.ts';
import { type Assignment, assignmentsOf, filesInForce, SYSCTL_CONF, type SysctlFile } from './systemd-sysctl.ts';

/** Somebody's word on one setting: the last assignment of it in one file. */
export interface Voice extends Assignment {
  readonly value: string;
  /** Written by an administrator or an installer (/etc, /run, /oem), not shipped by a package. */
  readonly own: boolean;
}

/**
 * Who says what about which setting, one voice a file, in the order systemd-sysctl reads them; /etc/sysctl.conf last,
 * where no link in /etc/sysctl.d makes it one of them. Globs speak of no setting in particular and are left out.
 * The keys of one setting with two names are taken as one.
 */
export function voices(sources: BootSources): Map<string, Voice[]> {
  const byKey = new Map<string, Voice[]>();
  for (const file of filesRead(sources)) {
    const last = new Map<string, Voice>();
    for (const assignment of assignmentsOf(file.path, file.text)) {
      const { key, value } = assignment;
      if (value !== undefined && !isGlob(key))
        last.set(canonicalKey(key), { ...assignment, value, own: isOwn(file.path) });
    }
    for (const [key, voice] of last) byKey.set(key, [...(byKey.get(key) ?? []), voice]);
  }
  for (const { effect, file, line, text } of [...sources.early, ...sources.late]) {
    if (effect.kind !== 'write' || effect.value === undefined) continue;
    const key = canonicalKey(effect.key);
    const voice = { key: effect.key, value: effect.value, file, line, text, own: true };
    byKey.set(key, [...(byKey.get(key) ?? []), voice]);
  }
  return byKey;
}

function filesRead({ files, forgotten, sysctlConf }: BootSources): SysctlFile[] {
  const inForce = filesInForce([...files, ...forgotten]);
  const conf = forgotten.find(({ path }) => path === SYSCTL_CONF)?.text ?? sysctlConf;
  const linked = inForce.some(({ path, text }) => path.startsWith('/etc/') && text === conf);
  return linked || conf.trim() === '' ? inForce : [...inForce, { path: SYSCTL_CONF, text: conf }];
}

function isOwn(path: string): boolean {
  return !/^\/(usr|lib)\//.test(path) || path.startsWith('/usr/local/');
}

/** The value as /proc/sys would show it, so that `0x1` and `1` are no contest. */
export function shownValue({ key, value }: Pick<Voice, 'key' | 'value'>): string {
  return (storedValue(key, value) ?? value).trim().split(/\s+/).join(' ');
}
