import { bridgeOf, LONGEST_INTERFACE } from '../../harvester/names.ts';
import type { Route } from '../../harvester/route.ts';
import { type NoRouteNeeded, noRouteNeeded } from '../../harvester/vm-network.ts';
import { isIpv4 } from '../../probes/octets.ts';
import { cidrText, parseCidr } from '../../probes/vm-network/networks.ts';
import type { Attachment, AttachmentRoute } from './attachment.ts';
import type { WantedProbe } from './model.ts';

/** Whether a network is probed, and how. */
export type Plan =
  | { readonly kind: 'probe'; readonly clusterNetwork: string; readonly probe: Omit<WantedProbe, 'ask'> }
  | { readonly kind: 'not-probed'; readonly message: string };

/**
 * What to ask of each node. Given addresses are asked as they stand; else DHCP tells them. Networks that have no DHCP on purpose are
 * asked nothing: silence would tell nothing, and storage is not to be troubled.
 */
export function planOf({ network, route }: Attachment): Plan {
  const { read, type, clusterNetwork } = network;
  if (!read.ok) return notProbed('its CNI configuration cannot be read');
  if (type === undefined || clusterNetwork === undefined) return notProbed('it has no type or bridge of Harvester’s');
  const given = route.kind === 'read' && route.route.mode !== 'auto' ? route.route : undefined;
  const why = noRouteNeeded(network);
  if (why !== undefined && NEVER[why] !== undefined) return notProbed(NEVER[why]);
  if (why !== undefined && why !== 'untagged' && !given) return notProbed(`${why}: it has no gateway to ask, nor DHCP`);
  const bridge = read.config.bridge || bridgeOf(clusterNetwork);
  if (bridge.length > LONGEST_INTERFACE) return notProbed('the name of its bridge is longer than Linux allows');
  const addresses = given ? givenAddresses(given) : expectedServer(route);
  if (!addresses) return notProbed('its addresses are no IPv4; only IPv4 is probed');
  return { kind: 'probe', clusterNetwork, probe: { bridge, vlan: read.config.vlan, ...addresses } };
}

const NEVER: Readonly<Partial<Record<NoRouteNeeded, string>>> = {
  trunk: 'a trunk: it carries many VLANs, each a network of its own',
  overlay: 'an overlay: kube-ovn serves it, on no bridge of the node',
};

type Addresses = Pick<WantedProbe, 'cidr' | 'gateway' | 'server'>;

function givenAddresses({ cidr, gateway }: Route): Addresses | undefined {
  const network = parseCidr(cidr);
  return network && isIpv4(gateway) ? { cidr: cidrText(network), gateway } : undefined;
}

function expectedServer(route: AttachmentRoute): Addresses {
  const server = route.kind === 'read' ? route.route.serverIPAddr : '';
  return isIpv4(server) ? { server } : {};
}

function notProbed(message: string): Plan {
  return { kind: 'not-probed', message };
}
