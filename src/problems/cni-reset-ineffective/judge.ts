import { dirname } from 'node:path/posix';
import type { Unknown } from '../../hosts/reading.ts';
import { unknown } from '../../hosts/reading.ts';
import type { Evidence, Judgement } from '../../judging/finding.ts';
import { OEM_PATH } from '../../leases/before-start.ts';
import type { Harvester } from '../../snapshot/harvester.ts';
import type { TextFile } from '../../snapshot/sysctl-files.ts';
import { cleaningOf } from './cleaning.ts';
import { type StageCommand, type StageFile, type StageStep, stageFileOf } from './stage-file.ts';

/** How the cleaning at boot fails. */
export interface Facts {
  readonly version: string;
  readonly how: 'absent' | 'broken' | 'late' | 'unreadable';
  /** Where it was seen; empty when there is none. */
  readonly path: string;
  /** The stage the commands stand in; empty where no commands were found. */
  readonly stage: string;
  /** The first release of this line in which it works, e.g. v1.4.3; undefined where the line has none. */
  readonly firstGood: string | undefined;
}

/** Harvester's own file (harvester-installer, package/harvester-os/files/system/oem). */
const OWN_NAME = '99_cni_reset.yaml';

/**
 * The units that run stages with the node's disks in place and before any service is started, each going through these parts over
 * every directory (elemental-toolkit: elemental-setup-{initramfs,fs}.service, pkg/utils/runstage.go). `rootfs` runs on the
 * initramfs's own root; `boot`, `network` and `reconcile` run beside the container runtime.
 */
const UNITS = ['initramfs', 'fs'].map((stage) => [`${stage}.before`, stage, `${stage}.after`]);

interface Read {
  readonly path: string;
  readonly file: StageFile | Unknown;
}

/** A command that removes the leases, or may, and what becomes of it at boot. */
interface Found {
  readonly step: StageStep;
  readonly command: StageCommand;
  readonly fate:
    | { readonly kind: 'works' }
    | { readonly kind: 'untold'; readonly why: Unknown }
    | { readonly kind: 'never'; readonly how: Facts['how']; readonly path: string; readonly line: number };
}

/** Judges the files by what they hold: v1.4.2 and v1.5.0 shipped one that does nothing, and a file may be mended by hand. */
export function judgeReset({ version, oem }: Harvester): Judgement<Facts> {
  const subject = '';
  if (!version.known && version.reason === 'absent') {
    return { status: 'not-applicable', subject, evidence: [], why: 'this is not Harvester' };
  }
  if (!version.known) return { status: 'unknown', subject, severity: 'info', unknown: version, evidence: [] };
  if (!oem.known) return { status: 'unknown', subject, severity: 'warning', unknown: oem, evidence: [] };
  return judgeFiles(version.value, oem.value);
}

function judgeFiles(version: string, files: readonly TextFile[]): Judgement<Facts> {
  const subject = '';
  const read = files.map(({ path, text }): Read => {
    return { path, file: text.known ? stageFileOf({ path, text: text.value }) : text };
  });
  const found = read.flatMap((one) => foundIn(one, read, version));
  const works = found.find(({ fate }) => fate.kind === 'works');
  if (works) return { status: 'ok', subject, evidence: [evidenceOf(works)] };
  for (const one of found) {
    if (one.fate.kind !== 'untold') continue;
    return { status: 'unknown', subject, severity: 'info', unknown: one.fate.why, evidence: [evidenceOf(one)] };
  }
  const own = read.find(({ path }) => path.endsWith(`/${OWN_NAME}`))?.file;
  if (own && 'known' in own) return { status: 'unknown', subject, severity: 'warning', unknown: own, evidence: [] };
  return problemOf(version, read, found);
}

/** The one told is the nearest to working: a file that would do if it were read, then a stage, then a key. */
function problemOf(version: string, read: readonly Read[], found: readonly Found[]): Judgement<Facts> {
  const base = { version, firstGood: firstGoodOf(version) };
  const problem = (facts: Facts, evidence: Evidence): Judgement<Facts> => {
    return { status: 'problem', subject: '', severity: 'warning', facts, evidence: [evidence] };
  };
  for (const how of ['unreadable', 'late', 'broken'] as const) {
    const own =
      how === 'unreadable' ? read.find((one) => one.path.endsWith(`/${OWN_NAME}`) && faultOf(one)) : undefined;
    if (own) return problem({ ...base, how, path: own.path, stage: '' }, faultEvidence(own));
    for (const one of found) {
      if (one.fate.kind !== 'never' || one.fate.how !== how) continue;
      const { path } = one.fate;
      const culprit = read.find((other) => other.path === path && faultOf(other));
      return problem({ ...base, how, path, stage: one.step.stage }, culprit ? faultEvidence(culprit) : evidenceOf(one));
    }
  }
  const nothing = {
    source: `/system/oem/${OWN_NAME}, /oem`,
    value: 'no stage that cleans leases',
    wanted: 'commands:',
  };
  return problem({ ...base, how: 'absent', path: '', stage: '' }, nothing);
}

function faultOf({ file }: Read): (StageFile & { kind: 'faulty' }) | undefined {
  return 'kind' in file && file.kind === 'faulty' ? file : undefined;
}

function faultEvidence(one: Read): Evidence {
  const fault = faultOf(one);
  const value = `does not load: ${fault?.detail ?? ''}`;
  return { source: one.path, value, wanted: 'what yip can load', file: one.path, line: fault?.line ?? 1 };
}

function evidenceOf({ step, command }: Found): Evidence {
  const value = `${step.stage}: ${command.key}:`;
  return { source: step.path, value, wanted: 'initramfs: commands:', file: step.path, line: command.line };
}

function foundIn({ path, file }: Read, read: readonly Read[], version: string): Found[] {
  if (!('kind' in file) || file.kind !== 'loaded') return [];
  return file.steps.flatMap((step) =>
    step.commands.flatMap((command): Found[] => {
      const cleaning = path === OEM_PATH ? 'surely' : cleaningOf(command.text);
      if (cleaning === 'no') return [];
      const never = neverRun(step, command) ?? lostWith(step, read, version);
      if (never) return [{ step, command, fate: never }];
      const doubt = doubtAbout(step, file.doubt, cleaning === 'surely') ?? panicBefore(step, read);
      const fate = doubt === undefined ? ({ kind: 'works' } as const) : untold(path, doubt);
      return [{ step, command, fate }];
    }),
  );
}

function untold(path: string, why: string): Found['fate'] {
  return { kind: 'untold', why: unknown('failed', path, why) };
}

function neverRun({ path, stage }: StageStep, { key, line }: StageCommand): Found['fate'] | undefined {
  if (key === 'command') return { kind: 'never', how: 'broken', path, line };
  return UNITS.flat().includes(stage) ? undefined : { kind: 'never', how: 'late', path, line };
}

/**
 * elemental 1.1's yip leaves out a directory when one file of it does not load; elemental 2's leaves out the file alone. Up to
 * v1.6 Harvester has the former (harvester#6646, harvester#9110).
 */
function lostWith({ path }: StageStep, read: readonly Read[], version: string): Found['fate'] | undefined {
  const beside = read.filter((one) => dirname(one.path) === dirname(path));
  const faulty = beside.find(faultOf);
  const fault = faulty && faultOf(faulty);
  if (faulty && fault) {
    const [, minor] = /^v?1\.(\d+)/.exec(version) ?? [];
    if (minor !== undefined && Number(minor) <= 6) {
      return { kind: 'never', how: 'unreadable', path: faulty.path, line: fault.line };
    }
    return untold(faulty.path, `it does not load (${fault.detail}); some releases then leave out its whole directory`);
  }
  for (const { file } of beside) if ('known' in file) return { kind: 'untold', why: file };
  return undefined;
}

function doubtAbout({ conditional }: StageStep, doubt: string | undefined, sure: boolean): string | undefined {
  if (conditional) return 'the stage has a condition that is not judged here';
  return doubt ?? (sure ? undefined : 'what the command does is not judged here');
}

/** A step that waits for one which is not there, or comes later, ends the unit's run with a panic, and all that would follow. */
function panicBefore({ path, stage }: StageStep, read: readonly Read[]): string | undefined {
  const parts = UNITS.find((unit) => unit.includes(stage)) ?? [];
  const upTo = parts.slice(0, parts.indexOf(stage) + 1);
  const last = read.findLastIndex((one) => dirname(one.path) === dirname(path));
  const waiting = read.flatMap(({ file }, at) => {
    const steps = 'kind' in file && file.kind === 'loaded' ? file.steps : [];
    return steps.filter((step) => step.waits && upTo.includes(step.stage) && (step.stage !== stage || at <= last));
  });
  const [first] = waiting;
  return first && `${first.path} has a step with \`after:\`, and yip panics where that cannot be met`;
}

/**
 * Read from the file at each release of harvester-installer: absent before v1.4.2, broken in v1.4.2 and v1.5.0, right from
 * v1.4.3, v1.5.1 and in every release of a later line.
 */
function firstGoodOf(version: string): string | undefined {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || Number(major) !== 1) return undefined;
  if (Number(minor) < 4) return undefined;
  return { 4: 'v1.4.3', 5: 'v1.5.1' }[Number(minor)] ?? `v1.${minor}.0`;
}
