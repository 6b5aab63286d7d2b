import { CLUSTER_UNITS, NETWORK_UNITS } from '../../snapshot/units-of-interest.ts';
import { PLACES } from '../watch/places.ts';

/** Whether something that happened may change what has to be held, and why, or why not: for the log. */
export interface Relevance {
  readonly relevant: boolean;
  readonly why: string;
}

/** What the kernel told of one interface. */
export interface LinkNews {
  readonly what: 'appeared' | 'vanished' | 'changed';
  readonly name: string;
  /** As `ip -d link` names it: veth, bridge, vlan …; empty for hardware. */
  readonly kind: string;
  readonly up: boolean;
  /** The bridge or bond it belongs to. */
  readonly master?: string;
  /** Interfaces that belong to the same master, this one counted; absent where nobody counted. */
  readonly masterPorts?: number;
  /** What it was before a change. */
  readonly was?: { readonly up: boolean; readonly master?: string };
}

function matters(why: string): Relevance {
  return { relevant: true, why };
}

function passes(why: string): Relevance {
  return { relevant: false, why };
}

/**
 * Interfaces that come and go with a Pod, a container or a VM, by the names their makers give: Calico, flannel and
 * Docker, Cilium, LXD, KubeVirt and libvirt, Azure's and Amazon's CNI, GKE; OVN and Antrea by a digest. A veth of any
 * other name is somebody's wiring.
 */
const GUESTS =
  /^(cali|veth|lxc|lxd|tap|vnet|macvtap|azv|eni|gke)[0-9a-z_.]+$|^[0-9a-f]{10,}(_[0-9a-z]+)?$|-[0-9a-f]{6}$/;
/** The kind is not told of everything that vanishes. */
const GUEST_KINDS = new Set(['veth', 'tun', 'macvtap', 'ipvlan', '']);

/** An address that came or went. Pods' interfaces have theirs, IPv6's own from the first moment on. */
export function addressNews(link: Pick<LinkNews, 'name' | 'kind'>): Relevance {
  const others = link.name === 'lo' || isGuests(link);
  return others ? passes(`${link.name} is a guest's`) : matters(`an address of ${link.name} changed`);
}

/** It decides which links are the node's uplinks. */
export function defaultRouteNews(): Relevance {
  return matters('the default route changed');
}

function isGuests({ name, kind }: Pick<LinkNews, 'name' | 'kind'>): boolean {
  return GUEST_KINDS.has(kind) && GUESTS.test(name);
}

/** A bridge has frames to pass on from its second port on; further ones of guests change nothing. */
const DECIDING_PORTS = 2;

/** Wiring decides what is held; guests that come and go do not, but for the one that makes a bridge a bridge. */
export function linkNews(news: LinkNews): Relevance {
  const { name, what, kind } = news;
  if (name === 'lo') return passes('lo is always there');
  if (isGuests(news)) return guestNews(news);
  return what === 'changed' ? changeNews(news) : matters(`${described(name, kind)} ${what}`);
}

function guestNews({ name, what, master, masterPorts, was }: LinkNews): Relevance {
  const joined = master !== undefined && (what === 'appeared' || (what === 'changed' && was?.master !== master));
  return joined && masterPorts === DECIDING_PORTS
    ? matters(`${master} has a second port`)
    : passes(`${name} is a guest's`);
}

function changeNews({ name, up, master, was }: LinkNews): Relevance {
  if (was && was.master !== master) return matters(master ? `${name} joined ${master}` : `${name} left ${was.master}`);
  if (was && was.up !== up) return matters(`${name} is ${up ? 'up' : 'down'}`);
  return passes(`${name}: nothing that decides`);
}

function described(name: string, kind: string): string {
  return kind === '' ? name : `${kind} ${name}`;
}

/** What editors and package managers put beside a file before they rename it. */
const PASSING = /^\.|~$|\.(sw[a-p]|tmp|dpkg-new|dpkg-tmp|rpmnew)$|^4913$/;

/** A file that came, went or changed, or one of the places itself, by its absolute path. */
export function fileNews(path: string): Relevance {
  const at = path.lastIndexOf('/');
  const [directory, name] = [path.slice(0, at) || '/', path.slice(at + 1)];
  if (PASSING.test(name)) return passes(`${path} is on its way to another name`);
  const place = PLACES.find(
    (one) => one.directory === path || (one.directory === directory && (one.names?.test(name) ?? true)),
  );
  return place ? matters(`${path} changed`) : passes(`${path} decides nothing`);
}

export type UnitChange = 'starting' | 'started' | 'stopped' | 'failed' | 'reloaded';

/**
 * A service that changed its state. One of the cluster's counts whatever it does, for its start has phases; one that
 * sets settings or makes links counts once it has done so.
 */
export function unitNews(unit: string, change: UnitChange): Relevance {
  const why = `${unit} ${change}`;
  if (CLUSTER_UNITS.some((one) => one === unit)) return matters(why);
  const acts = change === 'started' || change === 'reloaded';
  return acts && NETWORK_UNITS.some((one) => one === unit) ? matters(why) : passes(why);
}
