import type { NetworkInterfaceInfo } from 'node:os';
import { isIpv4 } from '../octets.ts';
import { isInside, parseCidr } from '../vm-network/networks.ts';

/** An interface of this machine that lies in an address' own network. */
export interface Segment {
  readonly link: string;
  readonly mac: string;
  /** This machine's address there, with its prefix. */
  readonly cidr: string;
}

/**
 * By which interface an IPv4 address is reached without a router: the one with the narrowest network that holds it. Host addresses (/32,
 * a VIP's own among them) lead nowhere, and loopback has no segment. `interfaces` as `os.networkInterfaces()` gives them.
 */
export function segmentOf(
  address: string,
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>,
): Segment | undefined {
  if (!isIpv4(address)) return undefined;
  const near = Object.entries(interfaces).flatMap(([link, infos]) =>
    (infos ?? []).flatMap(({ cidr, mac, internal }) => {
      const network = cidr === null || internal ? undefined : parseCidr(cidr);
      if (cidr === null || !network || network.prefix > 31 || !isInside(network, address)) return [];
      return [{ link, mac, cidr, prefix: network.prefix }];
    }),
  );
  const [nearest] = near.sort((a, b) => b.prefix - a.prefix);
  return nearest && { link: nearest.link, mac: nearest.mac, cidr: nearest.cidr };
}
