import { known, type Reading, unknown } from '../hosts/reading.ts';
import type { KernelModules } from '../snapshot/modules.ts';
import type { TextFile } from '../snapshot/sysctl-files.ts';
import { moduleName } from './commands.ts';
import { withDependencies } from './kernel-defaults.ts';

export interface EarlySources {
  readonly modules: KernelModules;
  /** modules-load.d files that count at the next boot. */
  readonly load: Reading<readonly TextFile[]>;
  readonly modprobe: Reading<readonly TextFile[]>;
  readonly commandLine: Reading<string>;
  /** False: systemd-modules-load is masked. */
  readonly serviceRuns: boolean;
  /** Loaded by something that runs even earlier (a cloud-init stage in the initramfs). */
  readonly already: readonly string[];
}

const SOURCE = 'modules-load.d';

/**
 * Will this module be in the kernel when systemd-sysctl runs? Built in, loaded in the initramfs by a stage of ours,
 * or loaded by systemd-modules-load: `modules_load=` of the kernel command line and modules-load.d, unless modprobe.d
 * or the command line keeps it out (systemd-modules-load honours `blacklist`, unlike modprobe NAME).
 */
export function loadedEarly(name: string, sources: EarlySources): Reading<boolean> {
  const module = moduleName(name);
  const state = sources.modules.state(module);
  if (state.known && state.value === 'built-in') return known(true, state.source);
  if (sources.already.some((loaded) => withDependencies(loaded).includes(module)))
    return known(true, 'cloud-init stages');
  const listed = listedModules(sources);
  if (!listed.known) return listed;
  const loaders = listed.value.filter((loader) => withDependencies(loader).includes(module));
  if (loaders.length === 0 || !sources.serviceRuns) return state.known ? known(false, SOURCE) : state;
  if (state.known && state.value === 'absent') return known(false, state.source);
  const kept = keptOut(sources);
  if (!kept.known) return kept;
  return known(
    loaders.some((loader) => !kept.value(loader) && !kept.value(module, 'install')),
    SOURCE,
  );
}

function listedModules({ load, commandLine }: EarlySources): Reading<readonly string[]> {
  const texts = allTexts(load);
  if (!texts.known) return texts;
  // A line is one module's name: parameters make it a name nobody knows.
  const lines = texts.value.flatMap((text) => text.split(/[\r\n]+/)).map((line) => line.trim());
  const fromFiles = lines.filter((line) => line !== '' && !/^[#;]/.test(line));
  const fromKernel = wordsOf(commandLine).flatMap((word) => /^modules[-_]load=(.*)$/.exec(word)?.[1]?.split(',') ?? []);
  return known([...fromKernel, ...fromFiles].map(moduleName), SOURCE);
}

/** modprobe.d's `blacklist` and `install` (a command in place of the module, unless it ends by loading it). */
function keptOut({ modprobe, commandLine }: EarlySources): Reading<(module: string, only?: 'install') => boolean> {
  const texts = allTexts(modprobe);
  if (!texts.known) return texts;
  const blacklisted = new Set<string>();
  const replaced = new Set<string>();
  for (const words of texts.value.flatMap(configLines)) {
    const module = moduleName(words[1] ?? '');
    if (words[0] === 'blacklist') blacklisted.add(module);
    const command = words.slice(2).join(' ');
    if (words[0] === 'install' && !/modprobe\b.*(--ignore-install|\s-\w*i)/.test(command)) replaced.add(module);
  }
  for (const word of wordsOf(commandLine)) {
    const names = /^(?:module_blacklist|modprobe\.blacklist)=(.*)$/.exec(word)?.[1];
    for (const name of names?.split(',') ?? []) blacklisted.add(moduleName(name));
  }
  return known((module, only) => replaced.has(module) || (only !== 'install' && blacklisted.has(module)), SOURCE);
}

function configLines(text: string): string[][] {
  return text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s+/));
}

function allTexts(files: Reading<readonly TextFile[]>): Reading<readonly string[]> {
  if (!files.known) return files;
  const texts: string[] = [];
  for (const { text, path } of files.value) {
    if (!text.known && text.reason !== 'absent') return unknown(text.reason, path, text.detail);
    if (text.known) texts.push(text.value);
  }
  return known(texts, files.source);
}

/** Words of the kernel command line; an unreadable one names nothing that could be told. */
export function wordsOf(commandLine: Reading<string>): readonly string[] {
  if (!commandLine.known) return [];
  const words = commandLine.value.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  return words.map((word) => word.replaceAll('"', ''));
}
