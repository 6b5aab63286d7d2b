import { isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLMap } from 'yaml';
import type { Reading } from '../../hosts/reading.ts';
import { unknown } from '../../hosts/reading.ts';
import type { Evidence, Judgement } from '../../judging/finding.ts';
import { OEM_PATH } from '../../leases/before-start.ts';
import type { Harvester } from '../../snapshot/harvester.ts';
import type { TextFile } from '../../snapshot/sysctl-files.ts';

/** How Harvester's own cleaning at boot fails. */
export interface Facts {
  readonly version: string;
  readonly how: 'absent' | 'broken' | 'unreadable';
  /** Where it was seen; empty when there is none. */
  readonly path: string;
  /** The first release of this line in which it works, e.g. v1.4.3; undefined where the line has none. */
  readonly firstGood: string | undefined;
}

/** Harvester's own file (harvester-installer, package/harvester-os/files/system/oem). */
const OWN_NAME = '99_cni_reset.yaml';
/** What a command must speak of to be a cleaning of leases. */
const LEASES = '/var/lib/cni/networks';
/** Keys of a step that make it conditional (yip pkg/executor/executor.go). */
const CONDITIONS = ['if', 'node', 'only_os', 'only_os_version', 'only_arch', 'only_service_manager', 'if_files'];

/** One step that cleans leases, by the key its commands stand under. yip knows `commands` and takes no notice of `command`. */
interface Cleaning {
  readonly path: string;
  readonly line: number;
  readonly key: 'commands' | 'command';
  readonly conditional: boolean;
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
  const read = files.map((file) => ({ path: file.path, cleanings: cleaningsOf(file) }));
  const cleanings = read.flatMap(({ cleanings: found }) => (found.known ? found.value : []));
  const right = cleanings.find(({ key, conditional }) => key === 'commands' && !conditional);
  if (right) return { status: 'ok', subject, evidence: [evidenceOf(right)] };
  const unsure = cleanings.find(({ key }) => key === 'commands');
  if (unsure) {
    const why = unknown('failed', unsure.path, 'the stage has a condition that is not judged here');
    return { status: 'unknown', subject, severity: 'info', unknown: why, evidence: [evidenceOf(unsure)] };
  }
  const unread = read.find(({ path, cleanings: found }) => path.endsWith(`/${OWN_NAME}`) && !found.known);
  if (unread && !unread.cleanings.known && unread.cleanings.reason !== 'failed') {
    return { status: 'unknown', subject, severity: 'warning', unknown: unread.cleanings, evidence: [] };
  }
  const broken = cleanings[0];
  const how = unread ? 'unreadable' : broken ? 'broken' : 'absent';
  const facts: Facts = { version, how, path: unread?.path ?? broken?.path ?? '', firstGood: firstGoodOf(version) };
  return { status: 'problem', subject, severity: 'warning', facts, evidence: evidenceFor(facts, broken) };
}

function evidenceFor({ how, path }: Facts, broken: Cleaning | undefined): readonly Evidence[] {
  if (how === 'broken' && broken) return [evidenceOf(broken)];
  if (how === 'unreadable') return [{ source: path, value: 'does not parse', wanted: 'commands:' }];
  return [{ source: `/system/oem/${OWN_NAME}, /oem`, value: 'no stage that cleans leases', wanted: 'commands:' }];
}

function evidenceOf({ path, line, key }: Cleaning): Evidence {
  return { source: path, value: `${key}:`, wanted: 'commands:', file: path, line };
}

/** Steps of one file that clean leases; `failed` where it is no YAML. */
function cleaningsOf({ path, text }: TextFile): Reading<readonly Cleaning[]> {
  if (!text.known) return text;
  const lineCounter = new LineCounter();
  const document = parseDocument(text.value, { lineCounter, logLevel: 'silent' });
  const error = document.errors[0];
  if (error) return unknown('failed', path, `${path}: ${error.message.split('\n')[0] ?? ''}`);
  const stages = isMap(document.contents) ? document.contents.get('stages', true) : undefined;
  const steps = isMap(stages) ? stages.items.flatMap(({ value }) => (isSeq(value) ? value.items : [])) : [];
  const found = steps
    .filter((step): step is YAMLMap => isMap(step))
    .flatMap((step) => cleaningOf(step, path, lineCounter));
  return { known: true, source: path, value: found };
}

function cleaningOf(step: YAMLMap, path: string, lineCounter: LineCounter): Cleaning[] {
  const conditional = CONDITIONS.some((key) => step.has(key));
  return step.items.flatMap(({ key, value }) => {
    const name = isScalar(key) ? key.value : undefined;
    if ((name !== 'commands' && name !== 'command') || !isScalar(key)) return [];
    const commands = isSeq(value) ? value.items : [value];
    if (!commands.some((command) => isScalar(command) && cleans(String(command.value), path))) return [];
    return [{ path, line: lineCounter.linePos(key.range?.[0] ?? 0).line, key: name, conditional }];
  });
}

function cleans(command: string, path: string): boolean {
  return path === OEM_PATH || (command.includes(LEASES) && /\b(rm|find|unlink)\b/.test(command));
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
