import type { Place } from './boot.ts';
import type { Effect } from './commands.ts';
import { kernelDefault, moduleBehind, withDependencies } from './kernel-defaults.ts';
import { type KernelSettings, type KernelStart, kernelSettings } from './kernel-settings.ts';
import {
  type Applied,
  assignmentsOf,
  procpsSystem,
  SYSCTL_CONF,
  type SysctlFile,
  systemdSysctl,
  writesOf,
} from './systemd-sysctl.ts';

/** The files that programs which load settings would read at this point. */
export interface SettingFiles {
  readonly files: readonly SysctlFile[];
  /** /etc/sysctl.conf; empty where there is none. */
  readonly sysctlConf: string;
}

/**
 * A kernel with some settings, to which commands happen one after the other; it remembers who decided each value.
 * It follows only the keys it was given: enough to tell where those end.
 */
export interface Machine {
  readonly kernel: KernelSettings;
  /** `value` undefined: something that cannot be told from text. */
  write(key: string, value: string | undefined, place: Place): void;
  /** Writes of one run; `settle` keeps only those within the machine's keys. */
  apply(writes: readonly Applied[]): void;
  effect(effect: Effect, place: Place): void;
  decidedBy(key: string): Place | undefined;
  /** A value was written that cannot be told. */
  unclear(key: string): boolean;
  /** The keys it follows that exist now. */
  existing(): readonly string[];
  /** Loads a module: its settings appear, with their defaults. */
  load(module: string): void;
}

export interface MachineStart extends KernelStart {
  /** Keys it is to follow; those of `values` exist from the start, the others when their module is loaded. */
  readonly follows: readonly string[];
  readonly sources: SettingFiles;
  /** Called when a module comes into the kernel, for udev rules. */
  readonly onLoad?: (module: string, machine: Machine) => void;
}

/** A machine as its boot begins. It keeps the last place that decided each setting. */
export function machineOf(start: MachineStart): Machine {
  const kernel = kernelSettings(start);
  const deciders = new Map<string, Place>();
  const unclear = new Set<string>();
  const existing = () => start.follows.filter((key) => kernel.has(key));

  const machine: Machine = {
    kernel,
    existing,
    decidedBy: (key) => deciders.get(key),
    unclear: (key) => unclear.has(key),
    write(key, value, place) {
      if (!kernel.has(key)) return;
      const decided = value === undefined ? [key] : kernel.write(key, value);
      for (const other of decided) {
        deciders.set(other, place);
        if (value === undefined) unclear.add(other);
        else unclear.delete(other);
      }
    },
    apply(writes) {
      for (const { key, value, file, line, text } of writes) machine.write(key, value, { file, line, text });
    },
    effect(effect, place) {
      if (effect.kind === 'write') machine.write(effect.key, effect.value, place);
      else if (effect.kind === 'load-module') machine.load(effect.name);
      else machine.apply(loadedBy(effect, start.sources, existing()));
    },
    load(module) {
      for (const loaded of withDependencies(module)) {
        const missing = start.follows.filter((key) => moduleBehind(key) === loaded && !kernel.has(key));
        for (const key of missing) kernel.add(key, kernelDefault(key));
        if (missing.length > 0) start.onLoad?.(loaded, machine);
      }
    },
  };
  return machine;
}

type Loading = Exclude<Effect, { readonly kind: 'write' | 'load-module' }>;

function loadedBy(effect: Loading, sources: SettingFiles, existing: readonly string[]): readonly Applied[] {
  const { files, sysctlConf } = sources;
  switch (effect.kind) {
    case 'systemd-sysctl':
      return systemdSysctl({ files, existing, prefixes: effect.prefixes });
    case 'sysctl-system':
      return procpsSystem({ files, existing, sysctlConf });
    case 'sysctl-file': {
      const text = effect.path === SYSCTL_CONF ? sysctlConf : files.find(({ path }) => path === effect.path)?.text;
      return text === undefined ? [] : writesOf(assignmentsOf(effect.path, text), existing);
    }
  }
}
