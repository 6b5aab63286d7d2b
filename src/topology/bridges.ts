import type { CniConfig } from '../snapshot/cni.ts';
import type { Link } from '../snapshot/links.ts';

/**
 * Whose frames a bridge carries. `cni`: Pods of a bridge CNI, whose Services may be hair-pinned and then need
 * bridge netfilter. `docker`: containers, whose isolation uses it. `layer2`: machines of their own (VMs, an uplink,
 * another network's namespace), whose frames this host has no business filtering.
 */
export type BridgeRole = 'cni' | 'docker' | 'layer2';

export type PortKind = 'vm-tap' | 'veth' | 'uplink' | 'other';

export interface BridgePort {
  readonly name: string;
  readonly kind: PortKind;
}

export interface Bridge {
  readonly link: Link;
  readonly role: BridgeRole;
  readonly ports: readonly BridgePort[];
}

/** Hardware and what bundles or tags it. */
const UPLINK_KINDS = new Set(['', 'bond', 'vlan', 'team']);

export function portKind(link: Link): PortKind {
  if (link.kind === 'tun') return 'vm-tap';
  if (link.kind === 'veth') return 'veth';
  return UPLINK_KINDS.has(link.kind) && !link.loopback ? 'uplink' : 'other';
}

function roleOf(name: string, cniBridges: ReadonlySet<string>): BridgeRole {
  if (cniBridges.has(name) || /^(cni|cbr)\d+$/.test(name)) return 'cni';
  // Docker names a user-defined network's bridge by the first 12 digits of its id.
  if (name === 'docker0' || /^br-[0-9a-f]{12}$/.test(name)) return 'docker';
  return 'layer2';
}

/** The bridges of a node with their ports, in the links' order. */
export function bridgesOf(links: readonly Link[], cniConfigs: readonly CniConfig[]): readonly Bridge[] {
  const cniBridges = new Set(cniConfigs.flatMap((config) => config.bridges));
  const ports = new Map<string, BridgePort[]>();
  for (const link of links) {
    if (link.master === undefined || !link.up) continue;
    const siblings = ports.get(link.master) ?? [];
    siblings.push({ name: link.name, kind: portKind(link) });
    ports.set(link.master, siblings);
  }
  return links
    .filter((link) => link.kind === 'bridge')
    .map((link) => ({ link, role: roleOf(link.name, cniBridges), ports: ports.get(link.name) ?? [] }));
}
