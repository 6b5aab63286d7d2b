import { readdirSync } from 'node:fs';
import { known, type Reading, unknown } from '../../hosts/reading.ts';
import { codeOf, failureFor } from '../../hosts/system-errors.ts';
import { isThere } from './is-there.ts';

/**
 * Modules in memory, by /sys/module: one stat(2) for each that is asked for. Each loaded module has a directory there
 * from before its first line runs until after its last (mod_sysfs_setup, kernel/module/sysfs.c). Code that is part of
 * the kernel image has one only if it has parameters or a version, so what shows that it is at work counts, too: no
 * file of its own can be missing then.
 *
 * A module that loads sets its settings to the kernel's defaults, in every network namespace: br_netfilter's are 1.
 */
export interface ModulesWatch {
  /** `loaded` or `not loaded`, as the keeper takes it; unknown where /sys/module cannot be seen. */
  read(name: string): Reading<string>;
  /** Those of `WATCHED_MODULES` that came or went since the last call; once a second is often enough. */
  drain(): readonly ModuleEvent[];
}

export interface ModuleEvent {
  readonly module: string;
  readonly what: 'appeared' | 'vanished';
}

/** With them settings come and go. */
export const WATCHED_MODULES = ['br_netfilter', 'nf_conntrack', 'ip_vs'] as const;

export interface ModulesOptions {
  /** Where a node's /sys/module is. */
  readonly modules?: string;
  /** Where its /proc is. */
  readonly proc?: string;
}

/** Below /proc, what is there while a module works, be it loaded or built in. */
const AT_WORK: Readonly<Record<string, string>> = {
  br_netfilter: 'sys/net/bridge/bridge-nf-call-iptables',
  nf_conntrack: 'sys/net/netfilter/nf_conntrack_max',
  ip_vs: 'net/ip_vs',
};

export function watchModules({ modules = '/sys/module', proc = '/proc' }: ModulesOptions = {}): ModulesWatch {
  const readings = new Map<string, Reading<string>>();

  /** The same reading as before where it says the same. */
  function told(name: string, reading: Reading<string>): Reading<string> {
    const before = readings.get(name);
    if (before?.known && reading.known && before.value === reading.value) return before;
    readings.set(name, reading);
    return reading;
  }

  function read(name: string): Reading<string> {
    const directory = name.replaceAll('-', '_');
    const path = `${modules}/${directory}`;
    const shown = AT_WORK[directory];
    if (isThere(path)) return told(name, known('loaded', path));
    if (shown !== undefined && isThere(`${proc}/${shown}`)) return told(name, known('loaded', `${proc}/${shown}`));
    return told(name, notSeen(modules, path));
  }

  /** What cannot be seen has neither come nor gone. */
  function seen(): ReadonlyMap<string, string> {
    return new Map(
      WATCHED_MODULES.flatMap((module) => {
        const reading = read(module);
        return reading.known ? [[module, reading.value] as const] : [];
      }),
    );
  }

  let before = seen();
  return {
    read,
    drain() {
      const was = before;
      before = new Map([...was, ...seen()]);
      return [...before].flatMap(([module, value]): readonly ModuleEvent[] => {
        if (was.get(module) === undefined || was.get(module) === value) return [];
        return [{ module, what: value === 'loaded' ? 'appeared' : 'vanished' }];
      });
    },
  };
}

/** Not there means not loaded only where others are there: a container's /sys may be empty. */
function notSeen(modules: string, path: string): Reading<string> {
  try {
    if (readdirSync(modules).length > 0) return known('not loaded', path);
    return unknown('absent', modules, `${modules} is empty`);
  } catch (error) {
    const { state, detail } = failureFor(modules, codeOf(error));
    return unknown(state, modules, detail);
  }
}
