import type { ClusterSnapshot } from './model.ts';
import { clusterNow, secondsBetween } from './time.ts';

/** Which boot each node was seen in. */
export type Boots = Readonly<Record<string, Boot>>;

export interface Boot {
  /** The kernel's own id of this boot (/proc/sys/kernel/random/boot_id), as the kubelet reports it. */
  readonly id: string;
  /** RFC 3339, by the API server's clock: when another id was first seen, oldest first. */
  readonly changes: readonly string[];
}

export const NO_BOOTS: Boots = {};

/** When nodes rebooted, by their names: oldest first, within the last hour. */
export type Reboots = Readonly<Record<string, readonly string[]>>;

const KEPT_SECONDS = 3600;
const MOST_CHANGES = 8;

/** This often within the hour is no restart any more. */
export const REBOOT_LOOP = 3;

type Seen = Pick<ClusterSnapshot, 'nodes' | 'ownNode' | 'takenAt' | 'serverClock'>;

/** The boots after one more look. A node that is not seen, or whose kubelet says no id, keeps what is known of it. */
export function bootsAfter(before: Boots, seen: Seen): Boots {
  const at = new Date(clusterNow(seen)).toISOString();
  const { nodes, ownNode } = seen;
  const looked = nodes.known ? nodes.value : ownNode.known ? [ownNode.value] : [];
  // Where all nodes are seen, those that are no more are forgotten.
  const after = new Map(nodes.known ? [] : Object.entries(before));
  for (const { name, bootId } of looked) {
    const boot = bootAfter(Object.hasOwn(before, name) ? before[name] : undefined, bootId, at);
    if (boot) after.set(name, boot);
  }
  return Object.fromEntries(after);
}

function bootAfter(before: Boot | undefined, id: string, at: string): Boot | undefined {
  if (id === '') return before;
  const recent = before?.changes.filter((change) => secondsBetween(change, at) <= KEPT_SECONDS) ?? [];
  const rebooted = before !== undefined && before.id !== id;
  return { id, changes: rebooted ? [...recent, at].slice(-MOST_CHANGES) : recent };
}

export function rebootsOf(boots: Boots): Reboots {
  return Object.fromEntries(Object.entries(boots).map(([name, { changes }]) => [name, changes]));
}

/** When a node was last seen to have rebooted; not where it does so again and again. */
export function lastReboot(reboots: Reboots, name: string): string | undefined {
  const times = Object.hasOwn(reboots, name) ? (reboots[name] ?? []) : [];
  return times.length < REBOOT_LOOP ? times.at(-1) : undefined;
}

/** So long after a reboot what may pass by itself is waited for. Chosen, not measured: as for a node that is not Ready. */
export const REBOOT_SECONDS = 600;

/**
 * When the cluster itself began anew: all its nodes have rebooted, as after a power cut, or, where no others may be seen, the node that
 * looks has. The last of their times.
 */
export function clusterReboot(
  { nodes, ownNode }: Pick<Seen, 'nodes' | 'ownNode'>,
  reboots: Reboots,
): string | undefined {
  const looked = nodes.known ? nodes.value : ownNode.known ? [ownNode.value] : [];
  const times = looked.map(({ name }) => lastReboot(reboots, name));
  return times.every((time) => time !== undefined) ? times.sort().at(-1) : undefined;
}
