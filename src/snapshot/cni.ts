import type { Ask } from '../hosts/ask.ts';
import type { CaptureView } from '../hosts/capture.ts';
import { known, mapReading, type Reading } from '../hosts/reading.ts';
import { type Fields, fieldsOf, jsonOf, objectIn, objectsIn, textAt, textIn } from './fields.ts';
import { subject } from './subject.ts';

/** One CNI configuration file, the first in name order being the one in force. */
export interface CniConfig {
  readonly file: string;
  readonly name: string;
  readonly cniVersion: string;
  /** Plugin types in order: calico, portmap, bandwidth; flannel; bridge … */
  readonly plugins: readonly string[];
  /** Bridges the plugins make or use: `bridge` plugins' own name (default cni0), flannel's delegate. */
  readonly bridges: readonly string[];
  /** IPAM subnets as written, `usePodCidr` included. */
  readonly subnets: readonly string[];
}

/** containerd reads conf_dir; k3s keeps its own below its data directory, RKE2 uses the common one. */
const CNI_DIRECTORIES = ['/etc/cni/net.d', '/var/lib/rancher/k3s/agent/etc/cni/net.d'] as const;
/** What libcni takes for a configuration (go-cni loads these three extensions, in name order). */
const CNI_GLOBS = CNI_DIRECTORIES.flatMap((directory) =>
  ['conf', 'conflist', 'json'].map((extension) => `${directory}/*.${extension}`),
);

/** One directory's configurations of all extensions, in name order; none where there is no such directory. */
function filesIn(view: CaptureView, directory: string): Reading<readonly (readonly [string, Reading<string>])[]> {
  const readings = CNI_GLOBS.filter((glob) => glob.startsWith(`${directory}/`)).map((glob) => view.files(glob));
  const unseen = readings.find((reading) => !reading.known && reading.reason !== 'absent');
  if (unseen && !unseen.known) return unseen;
  const files = readings.flatMap((reading) => (reading.known ? [...reading.value] : []));
  return known(
    files.sort(([a], [b]) => (a < b ? -1 : 1)),
    directory,
  );
}

/** A list of plugins, or (in a .conf) a single one. multus may carry the configurations it delegates to. */
function configFrom(file: string, text: string): CniConfig {
  const config = fieldsOf(jsonOf(text), 'top level');
  const plugins = pluginsOf(config);
  return {
    file,
    name: textAt(config, 'name'),
    cniVersion: textIn(config, 'cniVersion') ?? '',
    plugins: plugins.map((plugin) => textAt(plugin, 'type')),
    bridges: plugins.flatMap(bridgesOf),
    subnets: plugins.flatMap(subnetsOf),
  };
}

function pluginsOf(config: Fields): readonly Fields[] {
  const own = 'plugins' in config.object ? objectsIn(config, 'plugins') : [config];
  return [...own, ...objectsIn(config, 'delegates').flatMap(pluginsOf)];
}

/** The bridge plugin's default is cni0, and flannel hands its delegate to that plugin unless it names another. */
function bridgesOf(plugin: Fields): readonly string[] {
  const type = textIn(plugin, 'type');
  if (type === 'bridge') return [textIn(plugin, 'bridge') ?? 'cni0'];
  if (type !== 'flannel') return [];
  const delegate = objectIn(plugin, 'delegate');
  if (!delegate) return ['cni0'];
  return (textIn(delegate, 'type') ?? 'bridge') === 'bridge' ? [textIn(delegate, 'bridge') ?? 'cni0'] : [];
}

/** host-local's old single `subnet`, and its `ranges`, a list of lists. */
function subnetsOf(plugin: Fields): readonly string[] {
  const ipam = objectIn(plugin, 'ipam');
  if (!ipam) return [];
  const single = textIn(ipam, 'subnet');
  const ranges: readonly unknown[] = Array.isArray(ipam.object['ranges']) ? ipam.object['ranges'].flat() : [];
  const listed = ranges.map((range, at) => textAt(fieldsOf(range, `${ipam.at}, ranges ${at + 1}`), 'subnet'));
  return [...(single === undefined ? [] : [single]), ...listed];
}

/** Every CNI configuration file of the node's directories, the one in force first, as text. */
export function cniFilesOf(view: CaptureView): Reading<readonly (readonly [string, Reading<string>])[]> {
  const found: (readonly [string, Reading<string>])[] = [];
  for (const directory of CNI_DIRECTORIES) {
    const files = filesIn(view, directory);
    if (!files.known) return files;
    found.push(...files.value);
  }
  return known(found, CNI_DIRECTORIES.join(', '));
}

export const cni = subject<Reading<readonly Reading<CniConfig>[]>>({
  asks: CNI_GLOBS.map((glob): Ask => ({ kind: 'files', glob })),
  parse: (view) =>
    mapReading(cniFilesOf(view), (files) =>
      files.map(([path, text]) => mapReading(text, (json) => configFrom(path, json))),
    ),
});
