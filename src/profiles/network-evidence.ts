import type { CniConfig } from '../snapshot/cni.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

/** What a node shows of its Pod network, as far as profiles tell them apart. */
export interface NetworkSign {
  readonly network: 'canal' | 'calico' | 'flannel' | 'other';
  /** What was seen, as short facts: a file and its plugins, a device. */
  readonly evidence: readonly string[];
}

const SYSTEM_DIRECTORY = '/etc/cni/net.d/';
/** containerd under k3s reads this one alone while flannel is k3s's own (k3s pkg/agent/config). */
const K3S_DIRECTORY = '/var/lib/rancher/k3s/agent/etc/cni/net.d/';

/**
 * RKE2's network: by the CNI configuration in force, else by what its own configuration asks for, else by the devices.
 * Undefined where nothing of that tells.
 */
export function rke2Network(snapshot: Snapshot): NetworkSign | undefined {
  return inForceOf(snapshot) ?? chosenForRke2(snapshot) ?? byDevices(snapshot);
}

/**
 * k3s's network: by its servers' `flannel-backend`; on an agent, which is not told in a file, by the configuration k3s
 * writes for flannel, unless the devices are another's: the file stays behind when flannel is switched off. Where
 * another's file comes before flannel's, that is in force, whatever was asked for.
 */
export function k3sNetwork(snapshot: Snapshot): NetworkSign | undefined {
  const { k3s } = snapshot.podNetwork;
  const config = configIn(snapshot, K3S_DIRECTORY);
  const devices = byDevices(snapshot);
  if (k3s.known && k3s.value === 'none') {
    return { network: 'other', evidence: [`flannel-backend none: ${k3s.source}`, ...(devices?.evidence ?? [])] };
  }
  if (config && !config.plugins.includes('flannel')) return { network: 'other', evidence: [described(config)] };
  const shown = [...(config ? [described(config)] : []), ...flannelDevices(snapshot)];
  if (k3s.known) {
    return { network: 'flannel', evidence: [`flannel-backend ${k3s.value}: ${k3s.source}`, ...shown] };
  }
  if (devices && devices.network !== 'flannel') return { ...devices, network: 'other' };
  return config ? { network: 'flannel', evidence: shown } : devices;
}

function inForceOf(snapshot: Snapshot): NetworkSign | undefined {
  const config = configIn(snapshot, SYSTEM_DIRECTORY);
  if (!config) return undefined;
  const evidence = [described(config)];
  if (!config.plugins.includes('calico')) return { network: 'other', evidence };
  const network = calicoOrCanal(config, snapshot);
  return network && { network, evidence: [...evidence, ...(network === 'canal' ? flannelDevices(snapshot) : [])] };
}

/**
 * Canal runs Calico's plugin too, with addresses from host-local, as Calico alone may (its `HostLocal` IPAM): then the
 * file's name tells (rke2-canal writes 10-canal.conflist), or flannel's device.
 */
function calicoOrCanal(config: CniConfig, { cni, links }: Snapshot): 'canal' | 'calico' | undefined {
  if (config.subnets.length === 0) return 'calico';
  const files = cni.known ? cni.value.map((one) => (one.known ? one.value.file : one.source)) : [];
  if (files.some((file) => file.startsWith(SYSTEM_DIRECTORY) && /canal/.test(file))) return 'canal';
  if (!links.known) return undefined;
  return links.value.some(({ name }) => isFlannel(name)) ? 'canal' : 'calico';
}

function chosenForRke2({ podNetwork: { rke2 } }: Snapshot): NetworkSign | undefined {
  if (!rke2.known) return undefined;
  const network = rke2.value === 'canal' || rke2.value === 'calico' ? rke2.value : 'other';
  return { network, evidence: [`cni ${rke2.value}: ${rke2.source}`] };
}

function byDevices({ links }: Snapshot): NetworkSign | undefined {
  if (!links.known) return undefined;
  const names = links.value.map(({ name }) => name);
  const foreign = names.find((name) => name === 'cilium_host' || name === 'cilium_net');
  if (foreign !== undefined) return { network: 'other', evidence: [foreign] };
  const flannel = names.find(isFlannel);
  const calico = names.find((name) => name === 'vxlan.calico') ?? names.find((name) => /^cali[0-9a-f]/.test(name));
  if (flannel !== undefined) {
    return calico === undefined
      ? { network: 'flannel', evidence: [flannel] }
      : { network: 'canal', evidence: [flannel, calico] };
  }
  return calico === undefined ? undefined : { network: 'calico', evidence: [calico] };
}

function isFlannel(name: string): boolean {
  return /^flannel[.-]/.test(name);
}

function flannelDevices({ links }: Snapshot): string[] {
  return links.known ? links.value.map(({ name }) => name).filter(isFlannel) : [];
}

/**
 * The first file of a directory, in name order, that names a network: Multus hands on to the network it carries inside,
 * or else to the next file. Undefined where there is none, or where one that comes before could not be read.
 */
function configIn({ cni }: Snapshot, directory: string): CniConfig | undefined {
  for (const config of cni.known ? cni.value : []) {
    if (!config.known) {
      if (config.source.startsWith(directory)) return undefined;
    } else if (config.value.file.startsWith(directory) && config.value.plugins.some((type) => !/^multus/.test(type))) {
      return config.value;
    }
  }
  return undefined;
}

function described({ file, plugins }: CniConfig): string {
  return `${file}: ${plugins.join(', ')}`;
}
