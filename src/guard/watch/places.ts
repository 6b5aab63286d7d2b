import { CLUSTER_UNITS, NETWORK_UNITS } from '../../snapshot/units-of-interest.ts';
import type { Place } from './files.ts';

/**
 * The files that a judgement reads and people change: what the next boot sets, what services set, which system it is.
 * places.test.ts holds this list against what the snapshot asks for.
 */

/** systemd's CONF_PATHS. */
const ROOTS = ['/etc', '/run', '/usr/local/lib', '/usr/lib', '/lib'];
/** systemd.unit(5), the system manager's. */
const UNIT_DIRECTORIES = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];

function dropIns(name: string, names: RegExp): Place[] {
  return ROOTS.map((root) => ({ directory: `${root}/${name}`, names }));
}

const UNITS = [...CLUSTER_UNITS, ...NETWORK_UNITS];

function unitPlaces(directory: string): Place[] {
  return [
    { directory, names: new RegExp(`^(${UNITS.join('|').replaceAll('.', '\\.')})$`) },
    ...UNITS.map((unit) => ({ directory: `${directory}/${unit}.d`, names: /\.conf$/ })),
  ];
}

export const PLACES: readonly Place[] = [
  ...dropIns('sysctl.d', /\.conf$/),
  ...dropIns('modules-load.d', /\.conf$/),
  ...dropIns('modprobe.d', /\.conf$/),
  ...dropIns('udev/rules.d', /\.rules$/),
  { directory: '/etc', names: /^(sysctl\.conf|modules|os-release|harvester-release\.yaml)$/ },
  { directory: '/usr/lib', names: /^os-release$/ },
  ...UNIT_DIRECTORIES.flatMap(unitPlaces),
  ...['/system/oem', '/oem', '/usr/local/cloud-config'].map((directory) => ({ directory, names: /\.ya?ml$/ })),
  ...['rke2', 'k3s'].flatMap((name): Place[] => [
    { directory: `/etc/rancher/${name}`, names: /^config\.yaml$/ },
    { directory: `/etc/rancher/${name}/config.yaml.d`, names: /\.yaml$/ },
  ]),
  ...['/etc/cni/net.d', '/var/lib/rancher/k3s/agent/etc/cni/net.d'].map((directory) => ({
    directory,
    names: /\.(conf|conflist|json)$/,
  })),
  { directory: '/etc/kubernetes', names: /\.conf$/ },
  { directory: '/etc/kubernetes/manifests', names: /\.ya?ml$/ },
  { directory: '/run/flannel', names: /^subnet\.env$/ },
  { directory: '/var/lib/rancher/rke2', names: /^bin$/ },
  { directory: '/var/lib/rancher/k3s/data', names: /^current$/ },
];
