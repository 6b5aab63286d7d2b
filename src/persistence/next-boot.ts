import { known, type Reading, unknown } from '../hosts/reading.ts';
import type { BootValue, NextBoot, Place } from './boot.ts';
import { type BootParts, type BootSources, bootSources } from './boot-sources.ts';
import type { StageAction } from './cloud-init-stages.ts';
import { loadedEarly } from './early-modules.ts';
import { globMatcher, isGlob } from './glob.ts';
import { kernelDefault, moduleBehind } from './kernel-defaults.ts';
import { confKey, confOf, mayDecide, relatedKeys } from './kernel-settings.ts';
import { type Machine, machineOf } from './machine.ts';
import { readFiles, systemdSysctl } from './systemd-sysctl.ts';
import { udevReactions } from './udev.ts';

const SOURCE = 'next boot';

/**
 * The next boot: kernel parameters, cloud-init stages of the initramfs (image-based systems), modules-load.d,
 * systemd-sysctl, interfaces as they appear and late modules with the udev rules that react to them, cloud-init stages
 * after that. What services write when they start is `afterBoot`'s.
 *
 * Where the order is left to chance (does an interface appear before systemd-sysctl or after it, does a conditional
 * stage run) every order is computed; a value they do not agree on is unknown. Unknown too where the init is not
 * systemd or a file that could decide cannot be read.
 */
export function nextBoot(parts: BootParts): NextBoot {
  const sources = bootSources(parts);
  const early = (module: string): Reading<boolean> => {
    if (!sources.known) return sources;
    const { load, modprobe, modulesServiceRuns } = sources.value;
    return loadedEarly(module, {
      modules: parts.modules,
      load,
      modprobe,
      commandLine: parts.os.commandLine,
      serviceRuns: modulesServiceRuns,
      already: sources.value.early.flatMap(({ effect }) => (effect.kind === 'load-module' ? [effect.name] : [])),
    });
  };
  return {
    loadedEarly: early,
    setting(key) {
      if (!sources.known) return sources;
      const module = moduleBehind(key);
      const there = module === undefined ? known(true, SOURCE) : early(module);
      if (!there.known) return there;
      return settingOf(key, { parts, sources: sources.value, moduleEarly: there.value });
    },
  };
}

interface Boot {
  readonly parts: BootParts;
  readonly sources: BootSources;
  /** The module behind the key, where there is one, is loaded when systemd-sysctl runs. */
  readonly moduleEarly: boolean;
}

/** One way the boot may go. */
interface Course {
  /** The key's interface exists when systemd-sysctl runs; otherwise it appears later. */
  readonly interfaceEarly: boolean;
  /** Conditional stages and rules take effect. */
  readonly conditions: boolean;
}

interface Ending {
  readonly value: string | undefined;
  readonly decidedBy: Place | undefined;
  readonly unclear: boolean;
}

function settingOf(key: string, boot: Boot): Reading<BootValue> {
  if (!boot.sources.udev.known && hangsOnUdev(key, boot)) return boot.sources.udev;
  const endings = coursesFor(key).map((course) => follow(key, boot, course));
  const first = endings[0];
  const assignments = assignmentsFor(key, boot);
  const lost = lostPlace(key, boot);
  if (!first || endings.some(({ unclear }) => unclear)) {
    return unknown(
      'failed',
      first?.decidedBy?.file ?? SOURCE,
      `the value written to ${key} is made when a command runs`,
    );
  }
  const other = endings.find(({ value }) => value !== first.value);
  if (other) {
    return unknown(
      'failed',
      SOURCE,
      `${key} ends as ${shown(first)} or ${shown(other)}: nothing in the boot decides the order`,
    );
  }
  const late = lost !== undefined && first.decidedBy === undefined;
  return known(
    {
      key,
      value: first.decidedBy || late ? first.value : undefined,
      decidedBy: first.decidedBy,
      ...(late ? { lost } : {}),
      assignments,
    },
    SOURCE,
  );
}

function shown({ value, decidedBy }: Ending): string {
  return `${value ?? "the kernel's default"}${decidedBy ? ` (${decidedBy.file}:${decidedBy.line})` : ''}`;
}

/** Only a late module and an interface's own settings are left to udev. */
function hangsOnUdev(key: string, boot: Boot): boolean {
  const device = confOf(key)?.device;
  return !boot.moduleEarly || (device !== undefined && !ALWAYS_THERE.has(device));
}

const ALWAYS_THERE = new Set(['all', 'default', 'lo']);

function coursesFor(key: string): Course[] {
  const device = confOf(key)?.device;
  const early = device === undefined || ALWAYS_THERE.has(device) ? [true] : [true, false];
  return early.flatMap((interfaceEarly) => [true, false].map((conditions) => ({ interfaceEarly, conditions })));
}

function follow(key: string, boot: Boot, course: Course): Ending {
  const { sources } = boot;
  const follows = relatedKeys(key);
  const appearsLater = (other: string) =>
    (!course.interfaceEarly && other === key) || (moduleBehind(other) !== undefined && !isBuiltIn(boot, other));
  const machine = machineOf({
    follows,
    values: new Map(follows.filter((other) => !appearsLater(other)).map((other) => [other, kernelDefault(other)])),
    addressed: (device) => device === 'lo',
    sources,
    onLoad: (module, itself) => react(boot, course, 'module', module, itself),
  });
  machine.apply(sources.kernelParameters);
  act(machine, sources.early, course);
  const module = moduleBehind(key);
  if (module !== undefined && boot.moduleEarly) machine.load(module);
  if (sources.sysctlServiceRuns) machine.apply(systemdSysctl({ files: sources.files, existing: machine.existing() }));
  interfaceAppears(key, boot, course, machine);
  act(machine, sources.late, course);
  if (module !== undefined) machine.load(module);
  return { value: machine.kernel.get(key), decidedBy: machine.decidedBy(key), unclear: machine.unclear(key) };
}

function isBuiltIn({ parts }: Boot, key: string): boolean {
  const state = parts.modules.state(moduleBehind(key) ?? '');
  return state.known && state.value === 'built-in';
}

function act(machine: Machine, actions: readonly StageAction[], course: Course): void {
  for (const { effect, certain, file, line, text } of actions) {
    if (effect.kind !== 'file' && (certain || course.conditions)) machine.effect(effect, { file, line, text });
  }
}

/** An interface copies conf/default when it is made; then udev applies its own settings (99-systemd.rules). */
function interfaceAppears(key: string, boot: Boot, course: Course, machine: Machine): void {
  const conf = confOf(key);
  if (!conf || ALWAYS_THERE.has(conf.device)) return;
  const model = confKey({ ...conf, device: 'default' });
  if (!machine.kernel.has(key)) {
    machine.kernel.add(key, machine.kernel.get(model));
    const decider = machine.decidedBy(model);
    if (decider) machine.write(key, machine.kernel.get(model), decider);
  }
  react(boot, course, 'net', conf.device, machine);
}

function react(boot: Boot, course: Course, subsystem: 'net' | 'module', kernel: string, machine: Machine): void {
  const { udev } = boot.sources;
  if (!udev.known) return;
  for (const { effects, certain, ...place } of udevReactions(udev.value, { action: 'add', subsystem, kernel })) {
    if (certain || course.conditions) for (const effect of effects) machine.effect(effect, place);
  }
}

/** Where a file sets this key in vain, because the module behind it comes later. */
function lostPlace(key: string, { sources, moduleEarly }: Boot): BootValue['lost'] {
  const module = moduleBehind(key);
  if (module === undefined || moduleEarly) return undefined;
  const write = systemdSysctl({ files: sources.files, existing: [key] }).at(-1);
  return write && { module, place: { file: write.file, line: write.line, text: write.text } };
}

/** Every place that speaks of the key or of what it follows, in the order they take effect. */
function assignmentsFor(key: string, { sources }: Boot): BootValue['assignments'] {
  const names = new Set(relatedKeys(key).filter((other) => mayDecide(other, key)));
  const speaks = (name: string) => (isGlob(name) ? [...names].some(globMatcher(name)) : names.has(name));
  const written = (actions: readonly StageAction[]) =>
    actions.flatMap(({ effect, file, line, text }) =>
      effect.kind === 'write' && effect.value !== undefined && speaks(effect.key)
        ? [{ file, line, text, value: effect.value }]
        : [],
    );
  return [
    ...sources.kernelParameters.filter((parameter) => speaks(parameter.key)).map(({ key: _key, ...place }) => place),
    ...written(sources.early),
    ...readFiles(sources.files).flatMap(({ key: name, value, ...place }) =>
      value !== undefined && speaks(name) ? [{ ...place, value }] : [],
    ),
    ...written(sources.late),
  ];
}
