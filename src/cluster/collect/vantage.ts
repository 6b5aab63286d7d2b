import { BlockList, isIP } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import { KUBECONFIG_PLACES, type KubeconfigOwner } from '../client/kubeconfig-places.ts';
import type { Vantage } from '../model.ts';

export interface Place {
  readonly owner: KubeconfigOwner;
  /** Where the kubeconfig lies: also one that the user names may be a node's. */
  readonly path: string;
  /** `os.networkInterfaces()`. */
  readonly interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;
  /** Of the API server and, where there is one, the management address: hosts, addresses or names. */
  readonly targets: readonly string[];
}

/** These lie on nodes alone. */
const ON_NODES = new Set<KubeconfigOwner>(['rke2', 'k3s', 'kubeadm', 'kubelet']);

/** From where the cluster is looked at. A name that is no address is taken for far away: silence then proves nothing. */
export function vantageOf({ owner, path, interfaces, targets }: Place): Vantage {
  if (ON_NODES.has(owner) || KUBECONFIG_PLACES.some(([, place]) => place === path)) return 'node';
  const own = Object.values(interfaces).flatMap((infos) => infos ?? []);
  const near = new BlockList();
  near.addSubnet('127.0.0.0', 8, 'ipv4');
  near.addAddress('::1', 'ipv6');
  for (const { cidr } of own) {
    const [address, prefix] = cidr?.split('/') ?? [];
    if (address) near.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  const isNear = (host: string): boolean => isIP(host) !== 0 && near.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
  return targets.every((host) => host === 'localhost' || isNear(host)) ? 'on-link' : 'routed';
}
