import { known, type Reading, unknown } from '../hosts/reading.ts';
import type { Bilingual } from '../lang.ts';
import type { Profile, Resetter } from '../profiles/profile.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { Unit } from '../snapshot/units.ts';
import type { NextBoot, Place } from './boot.ts';
import { textsOf } from './boot-sources.ts';
import { execEffects } from './commands.ts';
import { type ExecLine, type ServiceStart, serviceStart } from './exec-lines.ts';
import { kernelDefault, moduleBehind } from './kernel-defaults.ts';
import { mayDecide, relatedKeys } from './kernel-settings.ts';
import { type Machine, machineOf, type SettingFiles } from './machine.ts';

export type RestartParts = Pick<Snapshot, 'units' | 'sysctl' | 'sysctlFiles'>;

/** What one service's start does to one setting. Only services that touch it have one. */
export interface RestartValue {
  readonly unit: string;
  readonly key: string;
  /** Once the service is up (for Type=notify: after READY=1, when ExecStartPost has run). */
  readonly value: string;
  /** The Exec line that decides it; undefined when it is the service's own program. */
  readonly decidedBy: Place | undefined;
  /** The profile's word for why the program writes it, where it does. */
  readonly reason?: Bilingual;
  /**
   * The value between the program's start and READY=1 where it is another: ExecStartPost runs only then, so it lasts
   * for minutes, or for ever when the start hangs.
   */
  readonly window?: string;
}

/** What a setting is once the services that start at boot are up. */
export interface Settled {
  /** undefined: nobody sets it, and the kernel's default is not known to hayward. */
  readonly value: string | undefined;
  readonly decidedBy: Place | undefined;
  /** The service that decides it last, if one does. */
  readonly service: RestartValue | undefined;
}

/**
 * What the next restart of each service does to a setting: the profile's resetters and the Exec lines of the units and
 * drop-ins that are there (`sysctl -w`, `sysctl -p FILE`, `sysctl --system`, `modprobe`, `sh -c 'echo … > /proc/sys/…'`),
 * starting from the running values. One element a service that touches the setting; unknown where its end cannot be
 * told: a file that cannot be read, a command with conditions, an ExecStartPost that races with its own program because
 * the unit's type tells systemd nothing of readiness.
 */
export function afterRestart(key: string, parts: RestartParts, profile: Profile): Reading<RestartValue>[] {
  return startsOf(parts, mayStart, (unit, sources) =>
    restartValue(key, unit, profile, sources, (other) => runningValue(other, parts)),
  );
}

/** What a setting ends as after the next boot, when the services that start at boot are up. */
export function afterBoot(key: string, boot: NextBoot, parts: RestartParts, profile: Profile): Reading<Settled> {
  const configured = boot.setting(key);
  if (!configured.known) return configured;
  const services = startsOf(parts, startsAtBoot, (unit, sources) =>
    restartValue(key, unit, profile, sources, (other) => bootValue(other, boot)),
  );
  for (const service of services) if (!service.known) return service;
  const values = services.flatMap((service) => (service.known ? [service.value] : []));
  const [first] = values;
  const { value = kernelDefault(key), decidedBy } = configured.value;
  if (!first) return known({ value, decidedBy, service: undefined }, configured.source);
  const other = values.find((service) => service.value !== first.value);
  if (other) {
    const detail = `${first.unit} sets ${key} to ${first.value}, ${other.unit} to ${other.value}, in no certain order`;
    return unknown('failed', first.unit, detail);
  }
  return known({ value: first.value, decidedBy: first.decidedBy, service: first }, first.unit);
}

function startsOf(
  { units, sysctlFiles }: RestartParts,
  counts: (unit: Unit) => boolean,
  judge: (unit: Unit, sources: SettingFiles) => Reading<RestartValue> | undefined,
): Reading<RestartValue>[] {
  if (!units.units.known) return units.units.reason === 'absent' ? [] : [units.units];
  const files = textsOf(sysctlFiles.files);
  const sources: SettingFiles = {
    files: files.known ? files.value : [],
    sysctlConf: sysctlFiles.sysctlConf.known ? sysctlFiles.sysctlConf.value : '',
  };
  return units.units.value.filter(counts).flatMap((unit) => judge(unit, sources) ?? []);
}

/** A unit seen only as files may be started as well as not: it counts. */
function startsAtBoot(unit: Unit): boolean {
  if (!exists(unit)) return false;
  if (unit.unitFileState === '') return true;
  return (
    unit.unitFileState.startsWith('enabled') || (unit.activeState === 'active' && unit.unitFileState !== 'disabled')
  );
}

function mayStart(unit: Unit): boolean {
  return exists(unit) && (startsAtBoot(unit) || /^(active|activating|reloading|failed)$/.test(unit.activeState));
}

/** systemd's own boot services are `nextBoot`'s. */
function exists(unit: Unit): boolean {
  return !/^(masked|not-found)$/.test(unit.loadState) && !/^(systemd-(sysctl|modules-load)|procps)\./.test(unit.name);
}

type StartValue = (key: string) => string | undefined | 'no such key';

function runningValue(key: string, { sysctl }: RestartParts): ReturnType<StartValue> {
  const reading = sysctl.get(key);
  if (reading.known) return reading.value;
  return reading.reason === 'absent' && moduleBehind(key) !== undefined ? 'no such key' : undefined;
}

function bootValue(key: string, boot: NextBoot): ReturnType<StartValue> {
  const reading = boot.setting(key);
  return (reading.known ? reading.value.value : undefined) ?? kernelDefault(key);
}

interface Start {
  readonly key: string;
  readonly unit: Unit;
  readonly lines: ServiceStart;
  readonly resetters: readonly Resetter[];
  readonly sources: SettingFiles;
  readonly startValue: StartValue;
}

interface Course {
  readonly conditions: boolean;
  /** ExecStartPost before the program has written its own. */
  readonly postFirst: boolean;
}

function restartValue(
  key: string,
  unit: Unit,
  profile: Profile,
  sources: SettingFiles,
  startValue: StartValue,
): Reading<RestartValue> | undefined {
  const resetters = profile.resetters.filter((resetter) => resetter.unit === unit.name && mayDecide(resetter.key, key));
  const read = serviceStart(unit);
  if (!read.known) return resetters.length > 0 ? read : undefined;
  const start: Start = { key, unit, lines: read.value, resetters, sources, startValue };
  const races = resetters.length > 0 && !/^(notify|notify-reload|dbus|forking|oneshot)$/.test(read.value.type);
  const courses = [true, false].flatMap((conditions) =>
    (races ? [false, true] : [false]).map((postFirst) => ({ conditions, postFirst })),
  );
  const ends = courses.map((course) => run(start, course));
  const first = ends.find(({ touched }) => touched);
  if (!first) return undefined;
  const other = ends.find(({ value }) => value !== first.value);
  if (first.value === undefined || other) {
    const ways = other ? `${first.value ?? 'something'} or ${other.value ?? 'something'}` : 'something';
    return unknown('failed', unit.name, `${unit.name} leaves ${key} as ${ways}: its files do not tell which`);
  }
  const { touched: _touched, ...end } = first;
  return known({ ...end, value: first.value }, unit.name);
}

interface End extends Omit<RestartValue, 'value'> {
  readonly value: string | undefined;
  /** The start wrote the setting, be it the value it had. */
  readonly touched: boolean;
}

/** One course of a start. */
function run(start: Start, course: Course): End {
  const { key, unit, lines, resetters } = start;
  const machine = machineFor(start);
  execute(machine, lines.pre, course);
  if (course.postFirst) execute(machine, lines.post, course);
  execute(machine, lines.main, course);
  const own = { file: unit.name, line: 0, text: '' };
  for (const resetter of resetters) {
    machine.load(moduleBehind(resetter.key) ?? '');
    machine.write(resetter.key, resetter.value, own);
  }
  const beforeReady = machine.kernel.get(key);
  if (!course.postFirst) execute(machine, lines.post, course);
  const decider = machine.decidedBy(key);
  const value = machine.unclear(key) ? undefined : machine.kernel.get(key);
  const [resetter] = resetters;
  const opens = resetter !== undefined && beforeReady !== undefined && beforeReady !== value;
  return {
    unit: unit.name,
    key,
    value,
    touched: decider !== undefined,
    decidedBy: decider === own ? undefined : decider,
    ...(resetter ? { reason: resetter.reason } : {}),
    ...(opens ? { window: beforeReady } : {}),
  };
}

function machineFor({ key, sources, startValue }: Start): Machine {
  const follows = relatedKeys(key);
  const values = new Map<string, string | undefined>();
  for (const other of follows) {
    const value = startValue(other);
    if (value !== 'no such key') values.set(other, value);
  }
  // A running node's interfaces have their addresses: conf/default reaches none of them.
  return machineOf({ follows, values, addressed: () => true, sources });
}

function execute(machine: Machine, lines: readonly ExecLine[], course: Course): void {
  for (const { command, ...place } of lines) {
    const { effects, certain } = execEffects(command);
    if (certain || course.conditions) for (const effect of effects) machine.effect(effect, place);
  }
}
