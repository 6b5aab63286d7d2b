import { isIpv4 } from '../probes/octets.ts';
import { cidrText, isInside, parseCidr } from '../probes/vm-network/networks.ts';
import type { ProbeRequest } from '../probes/vm-network/probe.ts';
import { isInterfaceName, requestFor } from '../vm-networks/agent/request.ts';
import { attachmentOf } from '../vm-networks/cluster/attachment.ts';
import { ATTACHMENTS } from '../vm-networks/cluster/model.ts';
import { namespacedPath } from '../vm-networks/cluster/objects.ts';
import { planOf } from '../vm-networks/cluster/plan.ts';
import { kubeConnection } from './kube-connection.ts';
import type { RawProbeOptions } from './networks.ts';
import { UsageError } from './usage.ts';

/** A request, by the name of its network where it has one. */
export type NamedRequest = ProbeRequest & { readonly name?: string };

/** From the command line: of the network that is named, read from the cluster, or of a bridge. Throws UsageError. */
export async function probeRequest(name: string | undefined, raw: RawProbeOptions): Promise<NamedRequest> {
  checkWords(raw);
  const { cidr, gateway, beyond, dhcpServer = [], uplink = [], count, timeout } = raw;
  const ground = name === undefined ? onBridge(raw) : await ofNetwork(name, raw);
  const network = cidr === undefined ? ground.cidr : cidrGiven(cidr);
  const router = gateway ?? ground.gateway;
  assertInside(router, network);
  return {
    ...ground,
    ...(network !== undefined && { cidr: network }),
    ...(router !== undefined && { gateway: router }),
    ...(beyond !== undefined && { beyond }),
    servers: dhcpServer.length > 0 ? dhcpServer : ground.servers,
    uplinks: uplink,
    count,
    offerWaitMs: timeout,
  };
}

/** Of every word that is handed on to the kernel. */
function checkWords({ bridge, gateway, beyond, dhcpServer = [], uplink = [] }: RawProbeOptions): void {
  for (const [option, name] of [['--bridge', bridge], ...uplink.map((one) => ['--uplink', one])] as const) {
    if (name !== undefined && !isInterfaceName(name)) throw new UsageError(`${option} ${name}: not an interface name`);
  }
  const addresses = [
    ['--gateway', gateway],
    ['--beyond', beyond],
    ...dhcpServer.map((one) => ['--dhcp-server', one]),
  ] as const;
  for (const [option, address] of addresses) {
    if (address !== undefined && !isIpv4(address)) throw new UsageError(`${option} ${address}: not an IPv4 address`);
  }
}

type Ground = Pick<NamedRequest, 'name' | 'bridge' | 'vlan' | 'cidr' | 'gateway' | 'servers'>;

function onBridge({ bridge, vlan }: RawProbeOptions): Ground {
  if (bridge === undefined) throw new UsageError('networks probe needs a network, or --bridge');
  if (vlan === undefined) throw new UsageError('networks probe needs --vlan (0 for untagged)');
  return { bridge, vlan, servers: [] };
}

/** Kubernetes' names: a namespace is a DNS label (RFC 1123), an object's name may have dots. */
const NAME = /^(?:([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\/)?([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)$/;

async function ofNetwork(given: string, { bridge, vlan, kubeconfig, quiet }: RawProbeOptions): Promise<Ground> {
  if (bridge !== undefined || vlan !== undefined) {
    throw new UsageError('--bridge and --vlan: the network that is named tells them');
  }
  const [, namespace = 'default', own] = NAME.exec(given) ?? [];
  if (own === undefined) throw new UsageError(`${given}: expected [NAMESPACE/]NAME of a VM network`);
  const name = `${namespace}/${own}`;
  const wanted = await wantedOf(name, { namespace, name: own }, kubeconfig, quiet);
  const read = requestFor(wanted);
  if (!read.ok) throw new UsageError(`${name}: ${read.detail}`);
  return { ...read.request, name };
}

/** What its NetworkAttachmentDefinition says is to be probed. */
async function wantedOf(
  key: string,
  where: { readonly namespace: string; readonly name: string },
  kubeconfig: string | undefined,
  quiet = false,
) {
  const client = await kubeConnection(kubeconfig, quiet);
  try {
    const found = await client.json(namespacedPath(ATTACHMENTS, where));
    if (!found.known) throw new UsageError(`${key}: ${unread(found.reason, found.detail)}`);
    const attachment = attachmentOf(found.value as Readonly<Record<string, unknown>>);
    if (!attachment) throw new UsageError(`${key}: no VM network of Harvester's, or it is being deleted`);
    const plan = planOf(attachment);
    if (plan.kind === 'not-probed')
      throw new UsageError(`${key}: ${plan.message}; --bridge and --vlan probe it anyway`);
    return plan.probe;
  } finally {
    client.close();
  }
}

function unread(reason: string, detail: string): string {
  if (reason === 'absent') return `there is no such VM network; hayward networks list names them all (${detail})`;
  if (reason !== 'denied') return detail;
  return `${detail} (name another kubeconfig with --kubeconfig, or the network by --bridge and --vlan)`;
}

/** Without its host bits. */
function cidrGiven(cidr: string): string {
  const network = parseCidr(cidr);
  if (!network) throw new UsageError(`--cidr ${cidr}: expected an IPv4 network like 192.168.7.0/24`);
  return cidrText(network);
}

function assertInside(gateway: string | undefined, cidr: string | undefined): void {
  const network = cidr === undefined ? undefined : parseCidr(cidr);
  if (gateway === undefined || !network || isInside(network, gateway)) return;
  throw new UsageError(`--gateway ${gateway}: not in ${cidr}`);
}
