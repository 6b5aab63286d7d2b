import { type Ask, sourceOf } from '../hosts/ask.ts';
import type { CaptureView } from '../hosts/capture.ts';
import { known, mapReading, type Reading, unknown } from '../hosts/reading.ts';
import { CONFIG_PATTERN, CONFIG_SYMBOLS, type Configured, configFrom } from './kernel-config.ts';
import type { KernelModules, ModuleState } from './modules.ts';
import { orElse } from './or-else.ts';

const NAMES: readonly string[] = Object.keys(CONFIG_SYMBOLS);
const RELEASE = '/proc/sys/kernel/osrelease';
const LOADED = '/proc/modules';
const BUILT_IN = '/lib/modules/{release}/modules.builtin';
const LOADABLE = '/lib/modules/{release}/modules.dep';
const CONFIGS = ['/lib/modules/{release}/config', '/boot/config-{release}'] as const;
/** zgrep, for a running kernel's configuration is some 250 kB unpacked of which a few lines count. */
const CONFIG_GZ = ['zgrep', '-E', CONFIG_PATTERN, '/proc/config.gz'] as const;

/** Names as modules.dep and modules.builtin spell them: file names may have `-` where the module has `_`. */
const FILE_PATTERN = `/(${NAMES.map((name) => name.replaceAll('_', '[_-]')).join('|')})\\.ko`;

/** What works without being listed among the loaded modules is part of the kernel image. */
const AT_WORK: Readonly<Record<string, (view: CaptureView) => Reading<boolean>>> = {
  br_netfilter: (view) => mapReading(view.files('/proc/sys/net/bridge/*'), ({ size }) => size > 0),
  nf_conntrack: (view) => mapReading(view.files('/proc/sys/net/netfilter/nf_conntrack_max'), ({ size }) => size > 0),
  ip_vs: (view) => mapReading(view.text('/proc/net/ip_vs'), () => true),
  overlay: (view) => mapReading(view.text('/proc/filesystems'), (text) => /^nodev\toverlay$/m.test(text)),
};

export const MODULE_ASKS: readonly Ask[] = [
  { kind: 'file', path: RELEASE },
  { kind: 'file', path: LOADED },
  { kind: 'list', path: '/lib/modules' },
  { kind: 'file', path: BUILT_IN, keep: FILE_PATTERN },
  { kind: 'file', path: LOADABLE, keep: `^[^:]*${FILE_PATTERN}` },
  ...CONFIGS.map((path): Ask => ({ kind: 'file', path, keep: CONFIG_PATTERN })),
  { kind: 'run', argv: CONFIG_GZ, onlyIf: '/proc/config.gz' },
  { kind: 'values', glob: '/proc/sys/net/bridge/*' },
  { kind: 'values', glob: '/proc/sys/net/netfilter/nf_conntrack_max' },
  { kind: 'file', path: '/proc/net/ip_vs' },
  { kind: 'file', path: '/proc/filesystems' },
];

/** All that tells of modules, each source read when first needed. */
interface Evidence {
  readonly view: CaptureView;
  /** Empty for a kernel without loadable modules, which has no /proc/modules. */
  readonly loaded: Reading<ReadonlySet<string>>;
  readonly modular: boolean;
  readonly builtIn: Reading<ReadonlySet<string>>;
  readonly loadable: Reading<ReadonlySet<string>>;
  readonly config: Reading<(module: string) => Configured>;
  /** /lib/modules holds something: where it is empty we may be in a container that does not see the host's. */
  readonly hasModuleTree: boolean;
}

/** Tells modules' states; the evidence is read at the first question, and once. */
export function moduleStates(view: CaptureView): KernelModules {
  let evidence: Evidence | undefined;
  return {
    state(name) {
      evidence ??= gather(view);
      return stateOf(name.replaceAll('-', '_'), evidence);
    },
  };
}

function gather(view: CaptureView): Evidence {
  const release = view.text(RELEASE);
  const listed = view.text(LOADED);
  const modular = listed.known || listed.reason !== 'absent' || !release.known;
  const tree = view.list('/lib/modules');
  return {
    view,
    modular,
    loaded: modular ? mapReading(listed, loadedNames) : known(new Set<string>(), LOADED),
    builtIn: mapReading(view.text(BUILT_IN), fileNames),
    loadable: mapReading(view.text(LOADABLE), fileNames),
    config: mapReading(orElse(runningConfig(view), ...CONFIGS.map((template) => view.text(template))), configFrom),
    hasModuleTree: tree.known && tree.value.length > 0,
  };
}

/** Cited by its file: the command's pattern is a line of its own that tells nobody anything. */
function runningConfig(view: CaptureView): Reading<string> {
  return { ...view.text(sourceOf(CONFIG_GZ)), source: '/proc/config.gz' };
}

function stateOf(name: string, evidence: Evidence): Reading<ModuleState> {
  const { loaded, builtIn, config } = evidence;
  if (loaded.known && loaded.value.has(name)) return known('loaded', loaded.source);
  const working = AT_WORK[name]?.(evidence.view);
  if (loaded.known && working?.known && working.value) return known('built-in', working.source);
  if (builtIn.known && builtIn.value.has(name)) return known('built-in', builtIn.source);
  if (!NAMES.includes(name)) {
    return loaded.known
      ? unknown('not-collected', loaded.source, `nobody asked whether ${name} can be loaded`)
      : loaded;
  }
  if (config.known && config.value(name) === 'y') return known('built-in', config.source);
  return loaded.known ? onDisk(name, evidence) : loaded;
}

/**
 * Neither loaded nor seen at work. `absent` is said only where everything that could show the module was read: that it
 * is not part of the kernel image, and that modprobe would find no file.
 */
function onDisk(name: string, evidence: Evidence): Reading<ModuleState> {
  const { builtIn, config, loadable } = evidence;
  if (loadable.known && loadable.value.has(name)) return known('loadable', loadable.source);
  if (!builtIn.known && !config.known) return orElse<never>(config, builtIn);
  if (loadable.known) return known('absent', loadable.source);
  if (config.known && config.value(name) === 'n') return known('absent', config.source);
  if (!evidence.modular) return known('absent', LOADED);
  return loadable.reason === 'absent' && evidence.hasModuleTree ? known('absent', loadable.source) : loadable;
}

function loadedNames(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const name = /^([A-Za-z0-9_]+) \d/.exec(line)?.[1];
    if (name === undefined) throw new Error(`line ${index + 1}: not a module's name and size`);
    names.add(name);
  }
  return names;
}

/** Module names of modules.dep (`path: dependencies`) or modules.builtin (`path`), from their file names. */
function fileNames(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const name = /^[^:]*?([^/:]+)\.ko(\.[a-z0-9]+)?(:|$)/.exec(line)?.[1];
    if (name === undefined) throw new Error(`line ${index + 1}: not a module's file name`);
    names.add(name.replaceAll('-', '_'));
  }
  return names;
}
