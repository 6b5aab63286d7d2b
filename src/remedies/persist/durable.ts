import type { Profile } from '../../profiles/profile.ts';
import type { Remedy } from '../remedy.ts';
import type { Step } from '../step.ts';
import { bridgeFiles } from './bridge-script.ts';
import { dropInFiles, isAfterLaunch } from './drop-ins.ts';
import { nameFor } from './naming.ts';
import { oemFile } from './oem.ts';
import { bridgeModuleRule, isBridgeKey, moduleFile, sysctlFile } from './sysctl-file.ts';
import type { FileToWrite, PersistParts, Wanted } from './wanted.ts';

export type { PersistParts, Wanted } from './wanted.ts';

/**
 * The plan that makes settings outlast a reboot and a service restart on this kind of system: at most one remedy of
 * scope `persist`, none when there is nothing to write. What it writes is plain files, units and POSIX shell.
 *
 * On systems that keep /etc: a file in sysctl.d; for keys of br_netfilter also modules-load.d and the udev rule of
 * sysctl.d(5); a script and a udev rule for bridges' own switches; drop-ins for the services that reset a key. On
 * image-based systems the same files are made at each boot by one under /oem; drop-ins below /etc/systemd are kept.
 */
export function durable(wanted: Wanted, problemId: string, profile: Profile, parts: PersistParts): readonly Remedy[] {
  const name = nameFor(problemId, wanted);
  const atBoot = bootFiles(wanted, name, problemId, profile, parts);
  const dropIns = dropInFiles(wanted.settings, name, problemId, profile, parts);
  const steps =
    profile.persistence === 'oem'
      ? [...written(oemFile(atBoot, name, problemId)), ...written(dropIns, 'systemd')]
      : [...written(atBoot, ...(atBoot.some(isUdevRule) ? (['udev'] as const) : [])), ...written(dropIns, 'systemd')];
  if (steps.length === 0) return [];
  return [
    {
      id: 'persist',
      summary: { en: 'Keep it over reboots and service restarts', 'zh-CN': '使其在重启系统和服务后仍然有效' },
      risk: 'low',
      scope: 'persist',
      steps,
    },
  ];
}

/** What systemd's own boot services and udev read. */
function bootFiles(
  wanted: Wanted,
  name: string,
  problemId: string,
  profile: Profile,
  parts: PersistParts,
): FileToWrite[] {
  const settings = wanted.settings.filter(({ key, value }) => !isAfterLaunch(key, value, profile));
  const needsModule = settings.some(({ key }) => isBridgeKey(key));
  const modules = new Set([...(wanted.modules ?? []), ...(needsModule ? ['br_netfilter'] : [])]);
  return [
    ...moduleFile([...modules], name, problemId, parts),
    ...sysctlFile(settings, name, problemId),
    ...(needsModule ? bridgeModuleRule(name, problemId, parts) : []),
    ...bridgeFiles(wanted.bridgeSettings ?? [], name, problemId),
  ];
}

function isUdevRule({ path }: FileToWrite): boolean {
  return path.startsWith('/etc/udev/');
}

/** Steps that write files, and tell the daemon that reads them where there are any. */
function written(files: readonly FileToWrite[], daemon?: 'systemd' | 'udev'): Step[] {
  if (files.length === 0) return [];
  const steps = files.map((file): Step => ({ kind: 'file', ...file }));
  return daemon ? [...steps, { kind: 'reload', what: daemon }] : steps;
}
