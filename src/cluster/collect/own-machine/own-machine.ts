import { networkInterfaces } from 'node:os';
import { known, type Reading, type Unknown, unknown } from '../../../hosts/reading.ts';
import type { NodeLook } from '../../model/nodes.ts';
import type { ClusterSnapshot } from '../../model.ts';
import { collectArguments } from './apiserver-arguments.ts';
import { collectCertificates } from './certificates.ts';
import { type Carrier, carriersOf, collectHostNetwork, type HostNetwork } from './host-network.ts';

/** What a node's own files, interfaces and sockets say: what no API tells. */
export interface OwnMachine extends Pick<ClusterSnapshot, 'listeners' | 'apiServerArguments' | 'certificates'> {
  readonly network: HostNetwork;
}

export async function lookAtOwnMachine(signal: AbortSignal): Promise<OwnMachine> {
  const [network, apiServerArguments, certificates] = await Promise.all([
    collectHostNetwork(signal),
    collectArguments({ signal }),
    collectCertificates(),
  ]);
  return { network, listeners: network.listeners, apiServerArguments, certificates };
}

/** Where this machine is no node of the cluster, or nobody can tell. */
export function noOwnMachine(why = 'this machine is no node of the cluster'): OwnMachine {
  const not = (source: string): Unknown => unknown('not-collected', source, why);
  return {
    network: { links: not('ip link'), addresses: not('ip address'), listeners: not('ss') },
    listeners: not('ss'),
    apiServerArguments: not('kube-apiserver'),
    certificates: not('openssl x509'),
  };
}

/** Whether a Node object is this machine's: it has one of our addresses. */
export function isThisMachine(node: Reading<NodeLook>): boolean {
  if (!node.known) return false;
  const own = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
  return own.some(({ address, internal }) => !internal && node.value.internalAddresses.includes(address));
}

/** What of this node carries the management address. */
export function ownCarriers(
  { network }: OwnMachine,
  name: Reading<string>,
  vip: { readonly address: Reading<string>; readonly hwAddress: string },
): Reading<readonly Carrier[]> {
  if (!vip.address.known) return unknown('not-collected', 'ip address', 'there is no management address to look for');
  return carriersOf(name.known ? name.value : 'this node', network, {
    address: vip.address.value,
    hwAddress: vip.hwAddress,
  });
}

/** The certificate one comes with is known everywhere; on a node those of its files are beside it, where they may be read. */
export function withOwn(
  files: ClusterSnapshot['certificates'],
  own: ClusterSnapshot['certificates'],
): ClusterSnapshot['certificates'] {
  if (!own.known) return files;
  if (!files.known) return own;
  const others = files.value.filter(({ fingerprint }) => !own.value.some((one) => one.fingerprint === fingerprint));
  return known([...own.value, ...others], files.source);
}
