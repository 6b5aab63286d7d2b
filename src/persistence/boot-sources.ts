import { known, type Reading, unknown } from '../hosts/reading.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { TextFile } from '../snapshot/sysctl-files.ts';
import { type StageAction, stageActions, type WrittenFile } from './cloud-init-stages.ts';
import { wordsOf } from './early-modules.ts';
import { type Applied, SYSCTL_CONF, type SysctlFile } from './systemd-sysctl.ts';

/** The parts of a snapshot that the next boot is computed from. */
export const BOOT_NEEDS = [
  'sysctl',
  'sysctlFiles',
  'moduleFiles',
  'udevRules',
  'modules',
  'os',
  'harvester',
  'units',
] as const;

export type BootParts = Pick<Snapshot, (typeof BOOT_NEEDS)[number]>;

/** Everything that speaks of settings at the next boot, with what will not survive until then left out. */
export interface BootSources {
  /** The root file system is an image: /etc begins anew at every boot. */
  readonly imageBased: boolean;
  /** `sysctl.*` of the kernel command line: written by the kernel before init starts. */
  readonly kernelParameters: readonly Applied[];
  readonly early: readonly StageAction[];
  readonly late: readonly StageAction[];
  readonly files: readonly SysctlFile[];
  /** Settings files of this moment that the next boot will not have. */
  readonly forgotten: readonly SysctlFile[];
  readonly sysctlConf: string;
  /** modules-load.d files; the two readings stay readings, for only some settings hang on them. */
  readonly load: Reading<readonly TextFile[]>;
  readonly modprobe: Reading<readonly TextFile[]>;
  readonly udev: Reading<readonly TextFile[]>;
  readonly sysctlServiceRuns: boolean;
  readonly modulesServiceRuns: boolean;
}

/**
 * Files below /etc that a Harvester image itself brings and that are so there at every boot
 * (harvester-installer package/harvester-os/files). Whatever else is in /etc there was put there since, and is lost.
 */
const IN_IMAGE = new Set(['/etc/sysctl.d/ipv6.conf']);

/** What the next boot will read. Unknown where the init, the kind of system or a settings file cannot be told. */
export function bootSources(parts: BootParts): Reading<BootSources> {
  const { units, sysctlFiles, os } = parts;
  if (!units.systemd.known) return units.systemd;
  if (!units.systemd.value) {
    return unknown('not-collected', units.systemd.source, 'the init is not systemd: what it sets at boot is not known');
  }
  if (!os.commandLine.known && /^(denied|failed)$/.test(os.commandLine.reason)) return os.commandLine;
  const image = isImageBased(parts);
  if (!image.known) return image;
  const stages = image.value ? oemActions(parts) : known([], '/oem');
  if (!stages.known) return stages;
  const texts = textsOf(sysctlFiles.files);
  if (!texts.known) return texts;
  const early = stages.value.filter((action) => action.early);
  const survives = (path: string) => outlivesBoot(path, image.value);
  return known(
    {
      imageBased: image.value,
      kernelParameters: kernelParameters(parts),
      early,
      late: stages.value.filter((action) => !action.early),
      files: withWritten(
        texts.value.filter(({ path }) => survives(path)),
        early,
      ),
      forgotten: [...texts.value.filter(({ path }) => !survives(path)), ...forgottenConf(parts, image.value)],
      sysctlConf: confText(parts, image.value),
      load: survivors(parts.moduleFiles.load, survives, early, '/modules-load.d/'),
      modprobe: survivors(parts.moduleFiles.modprobe, survives, early, '/modprobe.d/'),
      udev: survivors(parts.udevRules, survives, early, '/udev/rules.d/'),
      sysctlServiceRuns: runsAtBoot(parts, 'systemd-sysctl.service'),
      modulesServiceRuns: runsAtBoot(parts, 'systemd-modules-load.service'),
    },
    'files read at boot',
  );
}

function isImageBased({ harvester, os }: BootParts): Reading<boolean> {
  if (harvester.version.known) return known(true, harvester.version.source);
  if (harvester.version.reason === 'absent') return known(false, harvester.version.source);
  if (!os.release.known) return harvester.version;
  return known(/harvester/i.test(`${os.release.value.prettyName} ${os.release.value.variantId}`), os.release.source);
}

function oemActions({ harvester }: BootParts): Reading<readonly StageAction[]> {
  return harvester.oem.known ? stageActions(harvester.oem.value) : harvester.oem;
}

/** /run is empty after a boot on every system; an image-based one keeps nothing of /etc but what the image brings. */
function outlivesBoot(path: string, imageBased: boolean): boolean {
  if (path.startsWith('/run/')) return false;
  return !imageBased || !path.startsWith('/etc/') || IN_IMAGE.has(path);
}

/** Files with their texts; unknown when one that exists cannot be read. */
export function textsOf(files: Reading<readonly TextFile[]>): Reading<readonly SysctlFile[]> {
  if (!files.known) return files;
  const texts: SysctlFile[] = [];
  for (const { path, text } of files.value) {
    if (text.known) texts.push({ path, text: text.value });
    else if (text.reason !== 'absent') return unknown(text.reason, path, text.detail);
  }
  return known(texts, files.source);
}

/** Stages of the initramfs write files that are then read like any other. A conditional one is taken as written. */
function withWritten(files: readonly SysctlFile[], early: readonly StageAction[]): SysctlFile[] {
  const written = writtenInto(early, '/sysctl.d/').map(({ path, content }) => ({ path, text: content ?? '' }));
  const paths = new Set(written.map(({ path }) => path));
  return [...files.filter(({ path }) => !paths.has(path)), ...written];
}

function writtenInto(early: readonly StageAction[], part: string): WrittenFile[] {
  return early.flatMap(({ effect, stage }) =>
    // Before the initramfs stage the root is still the initrd's own: files written there are not the system's.
    effect.kind === 'file' && effect.path.includes(part) && stage.startsWith('initramfs') ? [effect] : [],
  );
}

function survivors(
  files: Reading<readonly TextFile[]>,
  survives: (path: string) => boolean,
  early: readonly StageAction[],
  part: string,
): Reading<readonly TextFile[]> {
  if (!files.known) return files;
  const written = writtenInto(early, part).map(({ path, content }) => ({ path, text: writtenText(path, content) }));
  return known([...files.value.filter(({ path }) => survives(path)), ...written], files.source);
}

function writtenText(path: string, content: string | undefined): Reading<string> {
  return content === undefined
    ? unknown('failed', path, 'its content is made when the stage runs')
    : known(content, path);
}

function confText({ sysctlFiles }: BootParts, imageBased: boolean): string {
  return sysctlFiles.sysctlConf.known && !imageBased ? sysctlFiles.sysctlConf.value : '';
}

function forgottenConf({ sysctlFiles }: BootParts, imageBased: boolean): SysctlFile[] {
  const { sysctlConf } = sysctlFiles;
  return sysctlConf.known && imageBased ? [{ path: SYSCTL_CONF, text: sysctlConf.value }] : [];
}

/** A unit that is masked does not run; one nobody saw is systemd's own and does. */
function runsAtBoot({ units }: BootParts, name: string): boolean {
  const unit = units.units.known ? units.units.value.find((candidate) => candidate.name === name) : undefined;
  return unit?.loadState !== 'masked';
}

/** `sysctl.net.ipv4.ip_forward=1`: every dot is a separator there (fs/proc/proc_sysctl.c, process_sysctl_arg). */
function kernelParameters({ os }: BootParts): Applied[] {
  return wordsOf(os.commandLine).flatMap((word) => {
    const match = /^sysctl[./]([^=]+)=(.*)$/s.exec(word);
    if (!match) return [];
    const key = (match[1] ?? '').replaceAll('.', '/');
    return [{ key, value: match[2] ?? '', file: '/proc/cmdline', line: 1, text: word }];
  });
}
