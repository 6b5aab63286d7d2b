import { type AddressCheck, addressCheck } from './address-check.ts';
import type { DhcpClient, Offer } from './dhcp-client.ts';
import { parseCidr, someHosts } from './networks.ts';

/** What an address source must know of the probe it serves. */
export interface AddressNeeds {
  readonly mac: string;
  readonly dhcp: DhcpClient;
  /** Network and gateway were given: an address that nobody has will do. */
  readonly manual: boolean;
  readonly random: (below: number) => number;
  readonly bestOffer: () => Offer | undefined;
  readonly network: () => { readonly cidr: string | undefined; readonly gateway: string | undefined };
  /** The frame's destination for what goes to this server. */
  readonly wayTo: (offer: Offer) => string;
}

/** Finds an address to ping from: leased, or free as far as ARP tells. Pure. */
export interface AddressSource {
  /** What to send next. `now` in milliseconds, `begun` when the probe began. */
  advance(now: number, begun: number): readonly Uint8Array[];
  readonly check: AddressCheck | undefined;
  readonly address: { readonly ip: string; readonly leased: boolean } | undefined;
  /** There is none to be had. */
  readonly none: boolean;
  readonly taken: ReadonlyMap<string, string>;
  /** The server that was asked refused, or did not acknowledge. */
  readonly refused: boolean;
  release(): readonly Uint8Array[];
}

/** With all given, so long for an offer to take an address from; then one that nobody has must do. */
export const MANUAL_OFFER_MS = 1000;
const CANDIDATES = 3;

export function addressSource({ mac, dhcp, manual, random, bestOffer, network, wayTo }: AddressNeeds): AddressSource {
  const taken = new Map<string, string>();
  let wanted: Offer | undefined;
  let check: AddressCheck | undefined;
  let address: AddressSource['address'];
  let none = false;
  const refused = () => dhcp.refusal !== undefined || dhcp.unacknowledged;

  function examine(now: number, addresses: readonly string[]): readonly Uint8Array[] {
    check = addressCheck(mac, addresses);
    return check.start(now);
  }

  function choose(now: number): readonly Uint8Array[] {
    const { cidr, gateway = '' } = network();
    const own = cidr === undefined ? undefined : parseCidr(cidr);
    const candidates = own ? someHosts(own, CANDIDATES, [gateway, ...taken.keys()], random) : [];
    none = candidates.length === 0;
    return none ? [] : examine(now, candidates);
  }

  function decide(now: number, checked: AddressCheck): readonly Uint8Array[] {
    for (const [one, owner] of checked.taken) taken.set(one, owner);
    const [free] = checked.free;
    if (free !== undefined) {
      address = { ip: free, leased: dhcp.lease?.address === free };
      return [];
    }
    // What was leased is somebody else's: it is given back, and another one looked for, once.
    if (dhcp.lease) return [...release(), ...choose(now)];
    none = true;
    return [];
  }

  function obtain(now: number, begun: number): readonly Uint8Array[] {
    if (dhcp.lease) return examine(now, [dhcp.lease.address]);
    const offer = wanted ? undefined : bestOffer();
    if (offer) {
      wanted = offer;
      return dhcp.request(now, offer);
    }
    const isHopeful = wanted ? !refused() : now < begun + MANUAL_OFFER_MS;
    return manual && !isHopeful ? choose(now) : [];
  }

  function release(): readonly Uint8Array[] {
    return dhcp.held ? dhcp.release(wayTo(dhcp.held)) : [];
  }

  return {
    taken,
    release,
    get check() {
      return check;
    },
    get address() {
      return address;
    },
    get none() {
      return none;
    },
    get refused() {
      return refused();
    },
    advance(now, begun) {
      if (address || none) return [];
      if (!check) return obtain(now, begun);
      return check.done ? decide(now, check) : [];
    },
  };
}
